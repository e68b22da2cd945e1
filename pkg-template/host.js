import { ClientError, createError } from './errors.js';

/**
 * The platform that the client runs on.
 * @typedef {object} Platform
 * @property {typeof import('./iothub_device_client.js').ClientHandle} ClientHandle the core, once the
 *   WebAssembly module is loaded
 * @property {string} platform its name, for the hub
 * @property {(options: Record<string, any>) => any} createTransport checks certificate, cipher and
 * proxy options, and returns an argument of `openSocket` and `request`
 * @property {(result: object, key: string | undefined) => unknown} issuedX509 the certificate in
 *   the result of a registration; only where a client can choose its certificate
 * @property {(url: string, transport: any) => any} openSocket opens a WebSocket with the
 *   sub-protocol `mqtt`; the argument of `send` is valid during the call only
 * @property {(socket: any) => void} abortSocket drops it without a closing handshake
 * @property {(task: () => void) => void} defer runs a task after the input that waits already
 * @property {(task: () => void) => void} deferFrames runs a task after the frames that wait to be
 *   read already
 * @property {(resource: string, report: (what?: boolean) => void) =>
 *   { takeOver(): void, stop(): void }} watch reports networks that come and go, and other clients
 *   of the same identity
 * @property {(url: string, options: import('./request.js').RequestOptions, transport: any) =>
 *   Promise<import('./request.js').Answer>} request makes an HTTP call
 * @property {typeof createError} createError
 * @property {(record?: object) => void} note passes a record to `trace`, and reports that the core
 * has run
 * @property {(line: string) => void} log writes a line of `trace: 'console'`
 * @property {() => boolean} isDebugged whether clients without the option `trace` are traced, too
 */

const shared = {
  createError,
  note() {},
  log: (line) => console.log(line),
  isDebugged: () => false,
  // Node.js has no such events.
  watch: () => ({ takeOver() {}, stop() {} }),
};

/** The parts that are the same on all platforms; the entry file adds the rest. */
export const host = /** @type {Platform} */ (/** @type {unknown} */ (shared));

/**
 * Sets the platform that the core runs on.
 * @param {Partial<Platform>} platform
 */
export function setPlatform(platform) {
  Object.assign(host, platform);
}

/** Nothing works before that: one clear error is better than the first of many. */
export function assertReady() {
  if (!host.ClientHandle) {
    throw new ClientError(
      'iothub-device-client/slim is not loaded yet: call init() and await its Promise first',
    );
  }
}
