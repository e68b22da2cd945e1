/**
 * All of `iothub-device-client`, with the WebAssembly module as a separate file: for pages that
 * compile it while it is downloaded, and for platforms that cannot compile at run time. Use one
 * entry or the other: each has its own classes.
 *
 * @module iothub-device-client/slim
 */
export * from './index.js';

/**
 * Loads the WebAssembly module, `iothub-device-client/iothub_device_client_bg.wasm`. Before its
 * Promise resolves, creating a client throws a `ClientError`. Further calls do nothing; after a
 * failure you can call it again. In Node.js and in Cloudflare Workers it does nothing.
 *
 * @param wasm the module, its bytes, its URL, or a `Response` with it
 */
export function init(
  wasm:
    WebAssembly.Module | BufferSource | string | URL | Request | Response | PromiseLike<Response>,
): Promise<void>;
