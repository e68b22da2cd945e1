// The two HTTP calls around a file upload. The core says what to send and judges the answers.
import { CHECK_HTTP_ANSWER, OPERATION_TIMEOUT_MS } from './commands.js';
import { ClientError, ConnectionFailedError, CredentialError, OperationTimeout } from './errors.js';

/**
 * Makes the call that `prepare` describes.
 * @param {import('./shell.js').Shell} shell
 * @param {(core: object) => [string, string | undefined, string]} prepare URL, `Authorization`
 *   header and body; throws what keeps the call from being made
 * @returns {Promise<unknown>} the body of the answer
 */
export async function makeUploadCall(shell, prepare) {
  const request = await prepared(shell, prepare);
  const { status, body } = await send(request, shell);
  shell.command(CHECK_HTTP_ANSWER, status, unwrapped(body));
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    // The reason would quote the body, which holds a token for the storage.
    throw new ClientError('the hub answered the file upload call with what is not JSON');
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

async function prepared(shell, prepare) {
  try {
    return shell.use(prepare);
  } catch (error) {
    if (!(shell.tokenFunction && error instanceof CredentialError)) throw error;
    await inTime(shell.fetchToken(), shell.command(OPERATION_TIMEOUT_MS));
    return shell.use(prepare);
  }
}

async function inTime(promise, milliseconds) {
  if (milliseconds === 0) return promise;
  let timer;
  const late = new Promise((_, reject) => {
    const error = new OperationTimeout('no SAS token was given within operationTimeout');
    timer = setTimeout(reject, milliseconds, error);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function send([url, authorization, body], shell) {
  const { host, transport } = shell;
  const timeoutMs = shell.command(OPERATION_TIMEOUT_MS);
  // Pages and Node.js say the same, with what `fetch` says by itself.
  const headers = { Accept: '*/*', 'Content-Type': 'application/json' };
  if (authorization !== undefined) headers.Authorization = authorization;
  try {
    return await host.request(url, { method: 'POST', headers, body, timeoutMs }, transport);
  } catch (cause) {
    if (cause.name === 'TimeoutError') {
      throw new OperationTimeout(
        'the hub did not answer the file upload call within operationTimeout',
        { cause },
      );
    }
    throw new ConnectionFailedError(
      'the file upload call did not reach the hub; check the network. In a page IoT Hub cannot be ' +
        'called directly, because it sends no CORS headers: set gatewayHostname or endpoint to a ' +
        'relay that does',
      { cause },
    );
  }
}
