// A whole upload: where to, by the hub; the file, to the storage account; how it went, to the hub.
import { ServiceError } from './errors.js';
import { toBytes } from './message.js';
import { mustBe, signalOf } from './options.js';
import { exchange, inTime, makeUploadCall } from './upload.js';

const BLOCK_SIZE = 4 * 1024 * 1024;
/** What is between two tries, in milliseconds: it doubles with each. */
const FIRST_WAIT = 500;
const LAST_WAIT = 2000;

/** @typedef {Blob | AsyncIterable<Uint8Array>} Source */

/**
 * Uploads a file, and tells the hub how it went.
 * @param {import('./client.js').IoTHubDeviceClient} client
 * @param {import('./shell.js').Shell} shell
 * @param {string} blobName
 * @param {unknown} data of the user
 * @param {object} options of the user
 */
export async function uploadFile(client, shell, blobName, data, options) {
  const source = sourceOf(data);
  const contentType = options?.contentType ?? (source.type || 'application/octet-stream');
  const onProgress = options?.onProgress ?? (() => {});
  mustBe('string', { blobName, contentType });
  mustBe('function', { onProgress });
  const signal = signalOf(options);

  let request;
  const prepare = (core) => (request = core.uploadRequest(false, blobName, false, 0, ''));
  const info = await makeUploadCall(shell, prepare, signal);
  const tell = (...outcome) => client.notifyBlobUploadStatus(info.correlationId, ...outcome);
  try {
    await putBlob(shell, urlOf(info, request[0]), source, { contentType, onProgress, signal });
  } catch (error) {
    const isStatus = error instanceof ServiceError;
    const why = isStatus ? [error.status, error.message] : [0, `${error?.name}`];
    // What has failed first is what the user hears of, at once where it was the user.
    const told = tell(false, ...why).catch(() => {});
    if (!signal?.aborted) await told;
    throw error;
  }
  await tell(true, 201, 'Created', { signal });
}

/** A local hub keeps the blobs itself, without TLS if it is called so. */
function urlOf({ hostName, containerName, blobName, sasToken }, hub) {
  const { protocol, hostname } = new URL(hub);
  const scheme = new URL(`http://${hostName}`).hostname === hostname ? protocol : 'https:';
  const path = blobName.split('/').map(encodeURIComponent).join('/');
  return `${scheme}//${hostName}/${containerName}/${path}${sasToken}`;
}

/** @returns {Source} */
function sourceOf(data) {
  if (data instanceof Blob || data?.[Symbol.asyncIterator]) return data;
  const { bytes, isJson } = toBytes(data ?? null);
  if (isJson) throw new TypeError('data must be bytes, a string, a Blob or a stream');
  return new Blob([bytes]);
}

/** Puts a blob, in blocks if it is large or of unknown size. */
async function putBlob(shell, url, source, { contentType, onProgress, signal }) {
  const put = async (block, query, more) => {
    const body = new Uint8Array(await block.arrayBuffer());
    const headers = { 'x-ms-version': '2020-04-08', ...more };
    await send(shell, url + query, { method: 'PUT', headers, body, signal });
  };
  const total = source.size;
  const isWhole = total <= BLOCK_SIZE;
  const type = { 'x-ms-blob-content-type': contentType };
  let loaded = 0;
  let list = '';
  for await (const block of isWhole ? [source] : blocksOf(source)) {
    // The ids of blocks have one length.
    const id = btoa(String(loaded).padStart(15, '0'));
    const query = isWhole ? '' : `&comp=block&blockid=${id}`;
    await put(block, query, isWhole && { ...type, 'x-ms-blob-type': 'BlockBlob' });
    list += `<Latest>${id}</Latest>`;
    loaded += block.size;
    onProgress({ loaded, total });
  }
  if (!isWhole) await put(new Blob([`<BlockList>${list}</BlockList>`]), '&comp=blocklist', type);
}

/** Tries again what may have failed by chance. */
async function send(shell, url, options) {
  for (let wait = FIRST_WAIT; ; wait *= 2) {
    try {
      const { status, body } = await exchange(shell, 'the storage account', url, options, IN_PAGES);
      if (status < 300) return;
      // The message beside the code may quote the token.
      const [, code] = /<Code>(\w+)/.exec(body) ?? [];
      const message = `the storage account answered ${code ?? status}`;
      throw new ServiceError(message, { status, code });
    } catch (error) {
      const status = error?.status ?? 500;
      if (wait > LAST_WAIT || (status < 500 && status !== 429)) throw error;
    }
    await inTime(new Promise((resolve) => setTimeout(resolve, wait)), 0, options.signal);
  }
}

const IN_PAGES = 'its CORS rules must allow PUT and x-ms-*';

/** Of a stream they may be larger, by what comes in one piece. */
async function* blocksOf(source) {
  if (source instanceof Blob) {
    for (let at = 0; at < source.size; at += BLOCK_SIZE) yield source.slice(at, at + BLOCK_SIZE);
    return;
  }
  let parts = [];
  let size = 0;
  for await (const chunk of source) {
    const part = new Blob([chunk]);
    parts.push(part);
    size += part.size;
    if (size >= BLOCK_SIZE) {
      yield new Blob(parts);
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield new Blob(parts);
}
