/** What Cloudflare Workers import. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** The module's bytes, in the JavaScript for Node.js. */
declare module '*.wasm?base64' {
  const base64: string;
  export default base64;
}

/** The module's bytes as `ascii.js` writes them, in the JavaScript for pages. */
declare module '*.wasm?text' {
  const text: string;
  export default text;
}
