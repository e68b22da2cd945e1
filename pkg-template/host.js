import { ClientError, createError } from './errors.js';

/** What is the same on all platforms; the entry file adds the rest. */
export const host = {
  createError,
  // Node.js has nothing to tell.
  watch: () => ({ takeOver() {}, stop() {} }),
};

/**
 * Says what the core runs on.
 * @param {object} platform
 * @param {typeof import('./iothub_device_client.js').ClientHandle} platform.ClientHandle the core
 * @param {string} platform.platform its name, for the hub
 * @param {(options: object) => unknown} platform.createTransport checks certificate, cipher and
 *   proxy options, and gives what `openSocket` and `request` take
 * @param {(url: string, transport: unknown) => WebSocket} platform.openSocket opens with the
 *   sub-protocol `mqtt`; what `send` gets is valid during the call only
 * @param {(socket: WebSocket) => void} platform.abortSocket drops without a closing handshake
 * @param {(task: () => void) => void} platform.defer runs a task after the input that waits already
 * @param {(task: () => void) => void} platform.deferFrames runs a task after the frames that wait
 *   to be read already
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
    throw new ClientError(
      'iothub-device-client is not loaded yet: call init() and await its Promise first',
    );
  }
}
