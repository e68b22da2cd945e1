// A complete upload: asks the hub for a place, stores the file in the storage account, and notifies
// the hub.
import { mustBe, optionsOf, signalIn } from './arguments.js';
import { ConnectionFailedError, OperationTimeout, ServiceError } from './errors.js';
import { isThenable } from './json.js';
import { textOrBytes } from './message.js';
import { checkBlobName, exchange, inTime, makeUploadCall } from './upload.js';

/** Small enough for a slow link: each must arrive within `operationTimeout`. */
const BLOCK_SIZE = 1024 * 1024;
/** The wait before a retry, in milliseconds: it doubles each time. */
const FIRST_WAIT = 500;
const LAST_WAIT = 2000;

/** @typedef {Blob | AsyncIterable<unknown>} Source */

/**
 * Uploads a file, and notifies the hub of the result.
 * @param {import('./client.js').IoTHubDeviceClient} client
 * @param {import('./shell.js').Shell} shell
 * @param {string} blobName
 * @param {unknown} data of the user
 * @param {Record<string, any>} [given] options of the user
 */
export async function uploadFile(client, shell, blobName, data, given) {
  const options = optionsOf(given, 'contentType', 'onProgress', 'signal');
  const source = sourceOf(data);
  const { size: total, type } = source instanceof Blob ? source : {};
  const contentType = options.contentType ?? (type || 'application/octet-stream');
  const onProgress = options.onProgress ?? (() => {});
  checkBlobName(blobName, 'blobName');
  mustBe('string', { contentType });
  // It becomes a header.
  if (/[^ -~]/.test(contentType)) {
    throw new TypeError('contentType must be a media type, of printable ASCII');
  }
  mustBe('function', { onProgress });
  const signal = signalIn(options);

  let hub;
  const call = (core, send) =>
    core.getStorageInfo(blobName, (url, ...rest) => {
      hub = url;
      return send(url, ...rest);
    });
  const info = await retried(() => makeUploadCall(shell, call, signal), signal);
  const tell = (...outcome) => client.notifyBlobUploadStatus(info.correlationId, ...outcome);
  try {
    const url = urlOf(info, hub);
    await putBlob(shell, url, source, { total, contentType, onProgress, signal });
  } catch (error) {
    const isStatus = error instanceof ServiceError;
    const why = isStatus ? [error.status, error.message] : [0, `${error?.name}`];
    // The user gets the first error, and immediately if the user aborted.
    const told = tell(false, ...why).catch(() => {});
    if (!signal?.aborted) await told;
    throw error;
  }
  // The blob is stored: notify the hub, even if nothing waits for that any more.
  await inTime(
    retried(() => tell(true, 201, 'Created')),
    0,
    signal,
  );
}

/** A local hub stores the blobs itself, without TLS if the client connects without it. */
function urlOf({ hostName, containerName, blobName, sasToken }, hub) {
  const { protocol, hostname } = new URL(hub);
  const scheme = new URL(`http://${hostName}`).hostname === hostname ? protocol : 'https:';
  const path = blobName.split('/').map(encodeURIComponent).join('/');
  return `${scheme}//${hostName}/${containerName}/${path}${sasToken}`;
}

/** @returns {Source} */
function sourceOf(data) {
  return data?.[Symbol.asyncIterator] ? data : blobOf(data);
}

function blobOf(data) {
  if (data instanceof Blob) return data;
  const content = textOrBytes(data);
  if (content === undefined) {
    throw new TypeError(
      isThenable(data)
        ? 'data is a Promise: await it first'
        : 'data must be bytes, a string, a Blob, or a stream of them',
    );
  }
  return new Blob([/** @type {BlobPart} */ (content)]);
}

/** Stores a blob, in blocks if it is large or of unknown size. */
async function putBlob(shell, url, source, { total, contentType, onProgress, signal }) {
  const put = async (block, query, more) => {
    const body = new Uint8Array(await block.arrayBuffer());
    const headers = { 'x-ms-version': '2020-04-08', ...more };
    const options = { method: 'PUT', headers, body, signal };
    await retried(() => send(shell, url + query, options), signal);
  };
  const isWhole = total <= BLOCK_SIZE;
  const type = { 'x-ms-blob-content-type': contentType };
  let loaded = 0;
  let list = '';
  for await (const block of isWhole ? [source] : blocksOf(source, signal)) {
    // All block ids must have the same length.
    const id = btoa(String(loaded).padStart(15, '0'));
    const query = isWhole ? '' : `&comp=block&blockid=${id}`;
    await put(block, query, isWhole && { ...type, 'x-ms-blob-type': 'BlockBlob' });
    list += `<Latest>${id}</Latest>`;
    loaded += block.size;
    await inTime(onProgress({ loaded, total }), 0, signal).catch((error) => {
      // What follows rejects with the reason, unless everything is stored.
      if (!signal?.aborted || signal.reason !== error) throw error;
    });
  }
  if (!isWhole) await put(new Blob([`<BlockList>${list}</BlockList>`]), '&comp=blocklist', type);
}

async function send(shell, url, options) {
  const { status, body } = await exchange(shell, 'the storage account', url, options, IN_PAGES);
  if (status < 300) return;
  // The message beside the code may quote the token.
  const [, code] = /<Code>(\w+)/.exec(body) ?? [];
  throw new ServiceError(`the storage account answered ${code ?? status}`, { status, code });
}

const IN_PAGES = 'its CORS rules must allow PUT and x-ms-*';

/** Retries what may have failed by chance. */
async function retried(call, signal) {
  for (let wait = FIRST_WAIT; ; wait *= 2) {
    try {
      return await call();
    } catch (error) {
      const { status } = error ?? {};
      const isByChance =
        error instanceof ConnectionFailedError ||
        error instanceof OperationTimeout ||
        status === 429 ||
        status >= 500;
      if (wait > LAST_WAIT || !isByChance) throw error;
    }
    await inTime(new Promise((resolve) => setTimeout(resolve, wait)), 0, signal);
  }
}

/** Blocks of a stream may be larger, because its chunks are not divided. */
async function* blocksOf(source, signal) {
  if (source instanceof Blob) {
    for (let at = 0; at < source.size; at += BLOCK_SIZE) yield source.slice(at, at + BLOCK_SIZE);
    return;
  }
  const chunks = source[Symbol.asyncIterator]();
  let parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await inTime(chunks.next(), 0, signal);
      if (done) break;
      const part = blobOf(value);
      parts.push(part);
      size += part.size;
      if (size >= BLOCK_SIZE) {
        yield new Blob(parts);
        parts = [];
        size = 0;
      }
    }
  } finally {
    // A stalled stream never ends, so do not wait for it.
    (async () => chunks.return?.())().catch(() => {});
  }
  if (size > 0) yield new Blob(parts);
}
