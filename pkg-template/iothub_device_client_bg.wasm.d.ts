/**
 * The WebAssembly module as bundlers and Cloudflare Workers import it, for `init` of
 * `iothub-device-client/slim`.
 */
declare const module: WebAssembly.Module;
export default module;
