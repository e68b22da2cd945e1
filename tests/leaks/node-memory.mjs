/** Measures this process's memory. Import this before the package, to watch its module's memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const memories = [];

WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module, imports) {
    super(module, imports);
    const exported = Object.values(this.exports);
    memories.push(...exported.filter((value) => value instanceof WebAssembly.Memory));
  }
};

/** Bytes of the JavaScript heap, after a garbage collection, and of WebAssembly's memory. */
export function measureMemory() {
  collectGarbage();
  const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { heap: process.memoryUsage().heapUsed, wasm };
}

export const describeMemory = ({ heap, wasm }) =>
  `heap ${(heap / 1e6).toFixed(1)} MB, WebAssembly ${(wasm / 1e6).toFixed(1)} MB`;
