// Node.js. The build turns this into a CommonJS module, which contains the WebAssembly module, and
// an ES module that exports the same: a process that uses both has one set of classes.
import { setImmediate } from 'node:timers'; // Not a global in Jest's jsdom.
import { isDebugged } from './debug.node.js';
import { setPlatform } from './host.js';
import base64 from './iothub_device_client_node.wasm?base64';
import { start } from './start.js';
import { abortSocket, createTransport, issuedX509, openSocket, request } from './transport.node.js';

setPlatform({
  platform: `Node.js ${process.versions.node}`,
  createTransport,
  openSocket,
  abortSocket,
  issuedX509,
  request,
  // As npm `debug` does: standard output belongs to the program.
  log: (line) => console.error(line),
  isDebugged,
  defer: setImmediate,
  // npm `ws` emits all frames of one read in one turn.
  deferFrames: queueMicrotask,
});

/** The version of this package. */
export const version = start(Buffer.from(base64, 'base64'));
export * from './exports.js';
