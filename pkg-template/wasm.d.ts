/** What Cloudflare Workers import. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
