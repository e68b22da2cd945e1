import { abortSocket, createTransport, openSocket, request } from './transport.browser.js';
import { watch } from './watch.browser.js';

/** What pages and workers offer the client. */
export const browser = {
  platform: typeof document === 'undefined' ? 'worker' : 'browser',
  createTransport,
  openSocket,
  abortSocket,
  request,
  defer,
  deferFrames: defer,
  watch,
};

const deferred = [];
let port;

/** Runs a task after those that are already queued. A timeout would be delayed in a hidden tab. */
function defer(task) {
  port ??= openPort();
  deferred.push(task);
  port.postMessage(null);
}

function openPort() {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => deferred.shift()();
  return port2;
}
