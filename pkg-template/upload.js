// The two HTTP calls of the hub around a file upload. The core says what to send and judges the
// answers.
import { CHECK_HTTP_ANSWER, OPERATION_TIMEOUT_MS } from './commands.js';
import { ClientError, ConnectionFailedError, CredentialError, OperationTimeout } from './errors.js';
import { onAbort } from './signal.js';

/**
 * Makes the call that `prepare` describes.
 * @param {import('./shell.js').Shell} shell
 * @param {(core: object) => [string, string | undefined, string]} prepare URL, `Authorization`
 *   header and body; throws what keeps the call from being made
 * @param {AbortSignal} [signal]
 * @returns {Promise<unknown>} the body of the answer
 */
export async function makeUploadCall(shell, prepare, signal) {
  signal?.throwIfAborted();
  const request = await prepared(shell, prepare, signal);
  const { status, body } = await send(request, shell, signal);
  shell.command(CHECK_HTTP_ANSWER, status, unwrapped(body));
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    // The reason would quote the body, which holds a token for the storage.
    throw new ClientError('the hub answered the upload with what is not JSON');
  }
}

/** The hub may wrap an error, as text, in another: `{"Message": "{\"errorCode\": ...}"}`. */
function unwrapped(body) {
  try {
    return JSON.stringify(JSON.parse(JSON.parse(body).Message));
  } catch {
    return body;
  }
}

async function prepared(shell, prepare, signal) {
  try {
    return shell.use(prepare);
  } catch (error) {
    if (!(shell.tokenFunction && error instanceof CredentialError)) throw error;
    await inTime(shell.fetchToken(), shell.command(OPERATION_TIMEOUT_MS), signal);
    return shell.use(prepare);
  }
}

async function send([url, authorization, body], shell, signal) {
  // Pages and Node.js say the same, with what `fetch` says by itself.
  const headers = { Accept: '*/*', 'Content-Type': 'application/json' };
  if (authorization !== undefined) headers.Authorization = authorization;
  const inPages = 'set httpEndpoint or endpoint to a relay that sends CORS headers';
  return exchange(shell, 'the hub', url, { method: 'POST', headers, body, signal }, inPages);
}

/**
 * Makes an HTTP call.
 * @param {string} server what it is, for the error
 * @param {string} inPages what else to do there when no answer comes
 * @returns {Promise<import('./request.js').Answer>}
 */
export async function exchange(shell, server, url, options, inPages) {
  const timeoutMs = shell.command(OPERATION_TIMEOUT_MS);
  try {
    return await shell.host.request(url, { ...options, timeoutMs }, shell.transport);
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause.name === 'TimeoutError') {
      const message = `${server} did not answer the upload within operationTimeout`;
      throw new OperationTimeout(message, { cause });
    }
    const message = `the upload did not reach ${server}; check the network. In a page ${inPages}`;
    throw new ConnectionFailedError(message, { cause });
  }
}

/** Waits for a Promise, until it is late or the signal is aborted. */
export function inTime(promise, milliseconds, signal) {
  let timer;
  let unlisten;
  const ended = new Promise((_, reject) => {
    const error = new OperationTimeout('no SAS token was given within operationTimeout');
    if (milliseconds > 0) timer = setTimeout(reject, milliseconds, error);
    unlisten = onAbort(signal, () => reject(signal.reason));
    if (signal?.aborted) reject(signal.reason);
  });
  return Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    unlisten();
  });
}
