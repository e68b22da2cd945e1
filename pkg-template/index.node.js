// Node.js: loads WebAssembly from disk without waiting, so that `require()` works too, and takes
// WebSockets from npm `ws`, which can do what the global one cannot (certificates, proxies).
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { setPlatform } from './host.js';
import { initSync, version as wasmVersion } from './iothub_device_client.js';

const wasm = new URL('./iothub_device_client_bg.wasm', import.meta.url);
initSync({ module: readFileSync(wasm) });

setPlatform({
  platform: `Node.js ${process.versions.node}`,
  openSocket(url) {
    // Compressing small packets costs more than it saves.
    const socket = new WebSocket(url, 'mqtt', { perMessageDeflate: false });
    // An error event that nobody listens to ends the process, and one may come after an abort.
    socket.on('error', () => {});
    return socket;
  },
  abortSocket: (socket) => socket.terminate(),
});

/** The version of this package. */
export const version = wasmVersion();
export * from './exports.js';
