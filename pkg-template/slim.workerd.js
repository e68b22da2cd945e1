// Cloudflare Workers: WebAssembly is imported, because nothing may be compiled at run time.
import { setPlatform } from './host.js';
import wasm from './iothub_device_client_bg.wasm';
import { bounded } from './request.js';
import { start } from './start.js';
import { abortSocket, createTransport, openSocket as open } from './transport.browser.js';

setPlatform({
  platform: 'workerd',
  createTransport,
  openSocket,
  abortSocket,
  request,
  defer,
  deferFrames: defer,
});

/** Unlike browsers' sockets, these may read the bytes later, so they get a copy. */
function openSocket(url) {
  const socket = open(url);
  const send = socket.send.bind(socket);
  return Object.assign(socket, { send: (bytes) => send(bytes.slice()) });
}

/** There are no hidden tabs here, so timeouts are not delayed. */
function defer(task) {
  setTimeout(task, 0);
}

/**
 * The `fetch` of these workers has no cookies, and cannot turn a redirect into an error.
 * @param {string} url
 * @param {import('./request.js').RequestOptions} options
 */
function request(url, { method, headers, body, ...bounds }) {
  return bounded(bounds, async (signal) => {
    const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
    return { status: response.status, body: await response.text() };
  });
}

/** The version of this package. */
export const version = start(wasm);
/** There is nothing to wait for. */
export async function init() {}
export * from './exports.js';
