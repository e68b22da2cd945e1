// The two HTTP calls of the hub around a file upload. The core decides what to send and checks the
// responses.
import { mustBe } from './arguments.js';
import { ConnectionFailedError, CredentialError, OperationTimeout } from './errors.js';
import { onAbort } from './signal.js';

/** @typedef {import('./iothub_device_client.js').ClientHandle} ClientHandle */
/** @typedef {(url: string, authorization: string | undefined, body: string) => Promise<unknown>} Send */

/**
 * Makes one of them.
 * @param {import('./shell.js').Shell} shell
 * @param {(core: ClientHandle, send: Send) => Promise<any>} call throws if the call cannot be made
 * @param {AbortSignal} [signal]
 */
export async function makeUploadCall(shell, call, signal) {
  signal?.throwIfAborted();
  /** @type {Send} */
  const send = (url, authorization, body) => {
    // The same headers in pages and Node.js: the default `Accept` of `fetch`.
    const headers = { Accept: '*/*', 'Content-Type': 'application/json' };
    if (authorization !== undefined) headers.Authorization = authorization;
    return exchange(shell, 'the hub', url, { method: 'POST', headers, body, signal }, IN_PAGES);
  };
  try {
    return await shell.use((core) => call(core, send));
  } catch (error) {
    if (!(shell.tokenFunction && error instanceof CredentialError)) throw error;
  }
  await inTime(shell.fetchToken(), shell.operationTimeoutMs, signal);
  return shell.use((core) => call(core, send));
}

/**
 * Checks the name of a blob, which becomes the path of a URL.
 * @param {unknown} name of the user
 * @param {string} what it is called
 */
export function checkBlobName(name, what) {
  mustBe('string', { [what]: name });
  const segments = String(name).split('/');
  // Every URL parser removes them, and the permission to upload would be for another name.
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw new TypeError(`${what} must not have . or .. between its slashes: no URL can name it`);
  }
  if (/\p{Surrogate}/u.test(String(name))) {
    throw new TypeError(`${what} must not have half of a surrogate pair: no URL can name it`);
  }
}

const IN_PAGES = 'set httpEndpoint or endpoint to a relay that sends CORS headers';

/**
 * Makes an HTTP call.
 * @param {string} server what it is, for the error
 * @param {string} inPages additional advice for pages, if there is no response
 * @returns {Promise<import('./request.js').Answer>}
 */
export async function exchange(shell, server, url, options, inPages) {
  const timeoutMs = shell.operationTimeoutMs;
  try {
    return await shell.host.request(url, { ...options, timeoutMs }, shell.transport);
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause.name === 'TimeoutError') {
      const message = `${server} did not respond to the upload within operationTimeout`;
      throw new OperationTimeout(message, { cause });
    }
    const message = `the upload did not reach ${server}; check the network. In a page, ${inPages}`;
    throw new ConnectionFailedError(message, { cause });
  }
}

/** Waits for a Promise, until the timeout or until the signal is aborted. */
export function inTime(promise, milliseconds, signal) {
  let timer;
  let unlisten;
  const ended = new Promise((_, reject) => {
    const error = new OperationTimeout('no SAS token was provided within operationTimeout');
    if (milliseconds > 0) timer = setTimeout(reject, milliseconds, error);
    unlisten = onAbort(signal, () => reject(signal.reason));
    if (signal?.aborted) reject(signal.reason);
  });
  return Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    unlisten();
  });
}
