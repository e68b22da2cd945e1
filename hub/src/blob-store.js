import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The only container. */
export const CONTAINER = 'uploads';

/**
 * `content` is the name of the bytes in the store's files.
 * @typedef {{content: unknown, size: number, contentType: string, etag: string, md5: string,
 *            modified: Date}} Blob
 */

/** Blobs, and the tokens for access to them. */
export class BlobStore {
  #store;
  #files;
  #records;
  #blockRecords;
  /** @type {Map<string, Blob>} */
  #blobs = new Map();
  /** Blob name → block id → content that no block list contains yet. */
  #blocks = new Map();
  #key;

  constructor(store, key) {
    this.#store = store;
    this.#key = key;
    this.#files = store.files;
    this.#records = store.scope('blobs/');
    this.#blockRecords = store.scope('blocks/');
  }

  /** @returns {Promise<BlobStore>} with everything in the store */
  static async open(store) {
    const key = await store.keep('blobKey', () => randomBytes(32));
    const blobs = new BlobStore(store, key);
    for await (const [name, blob] of store.entries('blobs/')) blobs.#blobs.set(name, blob);
    for await (const [name, blocks] of store.entries('blocks/')) blobs.#blocks.set(name, blocks);
    const contents = [...blobs.#blobs.values()].map(({ content }) => content);
    const blocks = [...blobs.#blocks.values()].flatMap((byId) => [...byId.values()]);
    await store.files.keepOnly(new Set([...contents, ...blocks]));
    return blobs;
  }

  /** @returns {Blob | undefined} */
  find(name) {
    return this.#blobs.get(name);
  }

  /** @returns {Promise<Buffer>} the bytes of a blob */
  read({ content }) {
    return this.#files.read(content);
  }

  /** @returns {Promise<Blob>} */
  async put(name, bytes, contentType = 'application/octet-stream') {
    const blob = {
      content: await this.#files.write(bytes),
      size: bytes.length,
      contentType,
      etag: `"0x${randomBytes(8).toString('hex').toUpperCase()}"`,
      md5: md5Of(bytes),
      modified: new Date(),
    };
    const replaced = [this.#blobs.get(name)?.content, ...(this.#blocks.get(name)?.values() ?? [])];
    this.#blobs.set(name, blob);
    this.#records.put(name, blob);
    this.#blocks.delete(name);
    this.#blockRecords.delete(name);
    this.#discard(replaced);
    return blob;
  }

  /** Keeps a block until a block list assembles the blob. */
  async putBlock(name, id, bytes) {
    const content = await this.#files.write(bytes);
    const blocks = this.#blocks.get(name) ?? new Map();
    const replaced = blocks.get(id);
    blocks.set(id, content);
    this.#blocks.set(name, blocks);
    this.#blockRecords.put(name, blocks);
    this.#discard([replaced]);
  }

  /** @returns {Promise<Blob | undefined>} nothing if there is no such block */
  async putBlockList(name, ids, contentType) {
    const contents = ids.map((id) => this.#blocks.get(name)?.get(id));
    if (contents.includes(undefined)) return undefined;
    const blocks = await Promise.all(contents.map((content) => this.#files.read(content)));
    return this.put(name, Buffer.concat(blocks), contentType);
  }

  /** Removes all blobs, and all blocks. */
  clear() {
    const blocks = [...this.#blocks.values()].flatMap((byId) => [...byId.values()]);
    const replaced = [...this.#blobs.values()].map(({ content }) => content).concat(blocks);
    for (const name of this.#blobs.keys()) this.#records.delete(name);
    for (const name of this.#blocks.keys()) this.#blockRecords.delete(name);
    this.#blobs.clear();
    this.#blocks.clear();
    this.#discard(replaced);
  }

  /**
   * The query string that allows reading and writing one blob.
   * @param {string} name
   * @param {number} expires milliseconds since 1970
   */
  sign(name, expires) {
    const se = `${new Date(expires).toISOString().slice(0, 19)}Z`;
    const sig = this.#signature(name, se);
    return `?${new URLSearchParams({ sv: '2018-03-28', sr: 'b', sig, se, sp: 'rw' })}`;
  }

  /** Returns why a query string does not allow access to the blob, or nothing if it does. */
  whyRefused(name, { sig = '', se = '' }) {
    const expected = Buffer.from(this.#signature(name, se));
    const actual = Buffer.from(sig);
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
      return 'The signature of the SAS token does not match.';
    }
    return Date.parse(se) > Date.now() ? undefined : `The SAS token expired at ${se}.`;
  }

  /** Deletes a file when no record refers to it any more. */
  #discard(contents) {
    this.#store.whenSaved(() => {
      for (const content of contents.filter(Boolean)) this.#files.delete(content);
    });
  }

  #signature(name, se) {
    return createHmac('sha256', this.#key).update(`${se}\n${name}`).digest('base64');
  }
}

/** The digest in Content-MD5 headers. */
export const md5Of = (bytes) => createHash('md5').update(bytes).digest('base64');
