/** Runs one job of one contender in a separate process. */
import { once } from 'node:events';
import * as works from './work.js';

const [{ program, work, settings, devices, seconds }] = await once(process, 'message');

const runtime = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async memory() {
    // The first collection only finds what finalizers and caches then release.
    for (let collections = 0; collections < 3; collections += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      globalThis.gc();
    }
    // WebAssembly's memory and all buffers are in `external`.
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  publish: async (count) => void process.send({ publish: count }),
};

const begin = performance.now();
const { open } = await import(program);
const imported = performance.now() - begin;
const result = await works[work]({ open, devices, seconds, runtime }, settings);
process.send({ result: { import: imported, ...result } });
process.disconnect();
