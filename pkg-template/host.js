import { createError } from './errors.js';
import { decodeMessage } from './message.js';
import { MethodRequest, MethodResponse } from './method.js';

/** What the core asks of JavaScript; the entry file adds what only its platform can do. */
export const host = {
  createError,
  createMessage: decodeMessage,
  createStateChange: (connected, cause) =>
    cause === undefined ? { connected } : { connected, cause },
  createMethodRequest: (requestId, name, payload) => new MethodRequest(requestId, name, payload),
  attempt(work) {
    try {
      work();
      return true;
    } catch (error) {
      console.error(error);
      return false;
    }
  },
  // Node.js has nothing to tell.
  watch: () => ({ takeOver() {}, stop() {} }),
  asMethodResponse: (value) => (value instanceof MethodResponse ? value : undefined),
};

/**
 * Says what the core runs on.
 * @param {object} platform
 * @param {string} platform.platform its name, for the hub
 * @param {(options: object) => unknown} platform.createTransport checks certificate, cipher and
 *   proxy options, and gives what `openSocket` and `request` take
 * @param {(url: string, transport: unknown) => WebSocket} platform.openSocket opens with the
 *   sub-protocol `mqtt`
 * @param {(socket: WebSocket) => void} platform.abortSocket drops without a closing handshake
 * @param {(task: () => void) => void} platform.defer runs a task after the input that waits already
 * @param {(resource: string, report: (what?: boolean) => void) => object} [platform.watch] tells of
 *   networks that come and go, and of other clients of the same identity
 * @param {(url: string, init: object, transport: unknown) => Promise<{ status: number, body: string }>}
 *   platform.request makes an HTTP call
 */
export function setPlatform(platform) {
  Object.assign(host, platform);
}

/** The WebAssembly module is loaded. */
export function markReady() {
  host.isReady = true;
}

/** Nothing works before: better one clear sentence than whatever would fail first. */
export function assertReady() {
  if (!host.isReady) {
    throw createError(
      'ClientError',
      'iothub-device-client is not loaded yet: call init() and await its Promise first',
    );
  }
}
