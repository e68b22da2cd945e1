import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The one container that there is. */
export const CONTAINER = 'uploads';

/**
 * @typedef {{bytes: Buffer, contentType: string, etag: string, md5: string, modified: Date}} Blob
 */

/** Blobs in memory, and the tokens that open them. */
export class BlobStore {
  /** @type {Map<string, Blob>} */
  #blobs = new Map();
  /** Blob name → block id → bytes that were put and not yet listed. */
  #blocks = new Map();
  #key = randomBytes(32);

  /** @returns {Blob | undefined} */
  find(name) {
    return this.#blobs.get(name);
  }

  /** @returns {Blob} */
  put(name, bytes, contentType = 'application/octet-stream') {
    const blob = {
      bytes,
      contentType,
      etag: `"0x${randomBytes(8).toString('hex').toUpperCase()}"`,
      md5: md5Of(bytes),
      modified: new Date(),
    };
    this.#blobs.set(name, blob);
    this.#blocks.delete(name);
    return blob;
  }

  /** Keeps a part of a blob until a list of blocks puts the blob together. */
  putBlock(name, id, bytes) {
    if (!this.#blocks.has(name)) this.#blocks.set(name, new Map());
    this.#blocks.get(name).set(id, bytes);
  }

  /** @returns {Blob | undefined} nothing when there is no such block */
  putBlockList(name, ids, contentType) {
    const blocks = ids.map((id) => this.#blocks.get(name)?.get(id));
    return blocks.every(Boolean) ? this.put(name, Buffer.concat(blocks), contentType) : undefined;
  }

  /**
   * The query that opens one blob for reading and writing.
   * @param {string} name
   * @param {number} expires milliseconds since 1970
   */
  sign(name, expires) {
    const se = `${new Date(expires).toISOString().slice(0, 19)}Z`;
    const sig = this.#signature(name, se);
    return `?${new URLSearchParams({ sv: '2018-03-28', sr: 'b', sig, se, sp: 'rw' })}`;
  }

  /** Says why a query does not open the blob, or nothing when it does. */
  whyRefused(name, { sig = '', se = '' }) {
    const expected = Buffer.from(this.#signature(name, se));
    const actual = Buffer.from(sig);
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
      return 'The signature of the SAS token does not match.';
    }
    return Date.parse(se) > Date.now() ? undefined : `The SAS token expired at ${se}.`;
  }

  #signature(name, se) {
    return createHmac('sha256', this.#key).update(`${se}\n${name}`).digest('base64');
  }
}

/** The digest of Content-MD5 headers. */
export const md5Of = (bytes) => createHash('md5').update(bytes).digest('base64');
