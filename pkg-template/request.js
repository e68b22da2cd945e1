// HTTP requests, as far as pages and Node.js do them alike.
import { onAbort } from './signal.js';

/**
 * @typedef {object} RequestOptions
 * @property {string} method
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {number} [timeoutMs] no longer than a timer can wait, as `operationTimeout` is; without
 *   it, or with 0, the answer may take for ever
 * @property {AbortSignal} [signal]
 */

/** @typedef {{ status: number, body: string }} Answer */

/**
 * Bounds a request by its `timeoutMs` and `signal`. It rejects with a `TimeoutError`, an
 * `AbortError`, or an `Error` with the reason for which there was no answer.
 * @param {Pick<RequestOptions, 'timeoutMs' | 'signal'>} options
 * @param {(signal: AbortSignal) => Promise<Answer>} send
 * @returns {Promise<Answer>}
 */
export async function bounded({ timeoutMs = 0, signal }, send) {
  const controller = new AbortController();
  const end = (name, message) => controller.abort(new DOMException(message, name));
  const abort = () => end('AbortError', 'the request was given up');
  const expire = () => end('TimeoutError', `no answer came within ${timeoutMs} ms`);
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
 * What an error of the network says.
 * @param {Error & { code?: string, errors?: Error[] }} error
 * @returns {string}
 */
export function reasonOf(error) {
  // A name with several addresses gives one error for each, and an empty message above them.
  return error.message || error.errors?.map(reasonOf).join('; ') || error.code || error.name;
}
