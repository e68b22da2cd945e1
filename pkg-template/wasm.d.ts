/** What Cloudflare Workers import. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** The module's bytes as hexadecimal digits, created by the build. */
declare module '*.wasm?hex' {
  const digits: string;
  export default digits;
}
