// For places that allow no top-level await, such as service workers: the module is ready when the
// Promise of `init()` is fulfilled.
import { markReady, setPlatform } from './host.js';
import load, { ClientHandle, version as wasmVersion } from './iothub_device_client.js';
import { abortSocket, createTransport, openSocket, request } from './transport.browser.js';
import { watch } from './watch.browser.js';

setPlatform({
  ClientHandle,
  platform: typeof document === 'undefined' ? 'worker' : 'browser',
  createTransport,
  openSocket,
  abortSocket,
  request,
  defer,
  deferFrames: defer,
  watch,
});

/** The version of this package, from `init()` on. */
export let version;

let loading;

const deferred = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => deferred.shift()();

/** A task behind those that wait already. A timeout would be held back in a hidden tab. */
function defer(task) {
  deferred.push(task);
  port2.postMessage(null);
}

/** Loads the WebAssembly module: once, however often it is called. */
export function init(wasm) {
  loading ??= load(wasm === undefined ? undefined : { module_or_path: wasm }).then(() => {
    version = wasmVersion();
    markReady();
  });
  return loading;
}

export * from './exports.js';
