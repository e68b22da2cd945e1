/** In a bundle for pages, what takes the place of npm `ws`. */
export default globalThis.WebSocket;
