/**
 * All of `iothub-device-client`, with the WebAssembly module as a file of its own: for pages that
 * compile it while it is on its way, and for places that compile nothing at run time. Use either
 * entry, not both: each has classes of its own.
 *
 * @module iothub-device-client/slim
 */
export * from './index.js';

/**
 * Loads the WebAssembly module, `iothub-device-client/iothub_device_client_bg.wasm`. Before its
 * Promise resolves, creating a client throws a `ClientError`. Further calls do nothing; after a
 * failure you can call it again. In Node.js and in Cloudflare Workers it never does anything.
 *
 * @param wasm the module, its bytes, its URL, or a `Response` with it
 */
export function init(
  wasm:
    WebAssembly.Module | BufferSource | string | URL | Request | Response | PromiseLike<Response>,
): Promise<void>;
