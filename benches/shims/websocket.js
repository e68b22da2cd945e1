/** Replaces npm `ws` in bundles for pages. */
export default globalThis.WebSocket;
