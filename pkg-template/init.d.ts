/**
 * For places that allow no top-level await. All of `iothub-device-client`, and `init`.
 *
 * @module iothub-device-client/init
 */
export * from './index.js';

/**
 * Loads the WebAssembly module, for places that allow no top-level await, such as service workers.
 * Creating a client before it is fulfilled throws a `ClientError`. Further calls give the same
 * Promise. In Node.js and in Cloudflare Workers it does nothing.
 *
 * @param wasm where the module is, or the module itself; by default the file beside the script
 */
export function init(
  wasm?: string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void>;
