// Node.js: loads WebAssembly from disk without waiting, so that `require()` works too.
import { readFileSync } from 'node:fs';
import { markReady, setPlatform } from './host.js';
import { ClientHandle, initSync, version as wasmVersion } from './iothub_device_client.js';
import { abortSocket, createTransport, openSocket, request } from './transport.node.js';

const wasm = new URL('./iothub_device_client_bg.wasm', import.meta.url);
initSync({ module: readFileSync(wasm) });
markReady();

setPlatform({
  ClientHandle,
  platform: `Node.js ${process.versions.node}`,
  createTransport,
  openSocket,
  abortSocket,
  request,
  defer: setImmediate,
  // npm `ws` tells of all frames of one read in one turn.
  deferFrames: queueMicrotask,
});

/** The version of this package. */
export const version = wasmVersion();
export * from './exports.js';
