// The part of HTTP requests that is the same in pages and Node.js.
import { onAbort } from './signal.js';

/**
 * @typedef {object} RequestOptions
 * @property {string} method
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {number} [timeoutMs] no longer than a timer can wait, as `operationTimeout` is; without
 * it, or with 0, there is no limit
 * @property {AbortSignal} [signal]
 */

/** @typedef {{ status: number, body: string }} Answer */

/**
 * Limits a request by its `timeoutMs` and `signal`. It rejects with a `TimeoutError`, an
 * `AbortError`, or an `Error` that says why there was no response.
 * @param {Pick<RequestOptions, 'timeoutMs' | 'signal'>} options
 * @param {(signal: AbortSignal) => Promise<Answer>} send
 * @returns {Promise<Answer>}
 */
export async function bounded({ timeoutMs = 0, signal }, send) {
  const controller = new AbortController();
  const end = (name, message) => controller.abort(new DOMException(message, name));
  const abort = () => end('AbortError', 'the request was given up');
  const expire = () => end('TimeoutError', `no response arrived within ${timeoutMs} ms`);
  const timer = timeoutMs > 0 ? setTimeout(expire, timeoutMs) : undefined;
  const unlisten = onAbort(signal, abort);
  if (signal?.aborted) abort();
  try {
    return await send(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : new Error(reasonOf(error));
  } finally {
    clearTimeout(timer);
    unlisten();
  }
}

/**
 * The message of a network error.
 * @param {Error & { code?: string, errors?: Error[] }} error
 * @returns {string}
 */
export function reasonOf(error) {
  // For a name with several addresses, Node.js creates one error for each, under an empty message.
  return error.message || error.errors?.map(reasonOf).join('; ') || error.code || error.name;
}
