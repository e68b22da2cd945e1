/** What Cloudflare Workers import. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** What the build makes of it: its bytes as hexadecimal digits. */
declare module '*.wasm?hex' {
  const digits: string;
  export default digits;
}
