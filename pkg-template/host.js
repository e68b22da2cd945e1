import { createError } from './errors.js';
import { decodeMessage } from './message.js';
import { MethodRequest, MethodResponse } from './method.js';

/** What the core asks of JavaScript; the entry file adds what only its platform can do. */
export const host = {
  createError,
  createMessage: decodeMessage,
  createMethodRequest: (requestId, name, payload) => new MethodRequest(requestId, name, payload),
  asMethodResponse: (value) => (value instanceof MethodResponse ? value : undefined),
};

/**
 * Says what the core runs on.
 * @param {object} platform
 * @param {string} platform.platform its name, for the hub
 * @param {(url: string) => WebSocket} platform.openSocket opens with the sub-protocol `mqtt`
 * @param {(socket: WebSocket) => void} platform.abortSocket drops without a closing handshake
 */
export function setPlatform(platform) {
  Object.assign(host, platform);
}
