// Messages in LevelDB, with classic-level. LevelDB appends to a log with checksums and drops an
// incomplete end, and the operating system releases the lock of a process that has ended.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';

const TOTALS = 'totals';
/** Sorts after every message. */
const END = 'message ~';
/** Names the owner of the lock, for the errors of others. LevelDB leaves unknown files alone. */
const OWNER = 'OWNER';

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The messages of one device in a folder of their own. */
export class LevelStore {
  #location;
  #sync;
  #path;
  /** @type {Promise<ClassicLevel<string, Uint8Array>> | undefined} */
  #database;
  /** The number of messages, their bytes, and the next sequence. */
  #totals = { count: 0, bytes: 0, next: 1 };
  /** Runs changes one after the other, because each writes the totals. */
  #turn = Promise.resolve();

  /**
   * @param {string} location
   * @param {boolean} sync whether a write waits for the disk
   */
  constructor(location, sync) {
    this.#location = location;
    this.#sync = sync;
  }

  async open({ resource }) {
    this.#path = join(this.#location, encodeURIComponent(resource));
    await mkdir(this.#location, { recursive: true, mode: 0o700 });
    await this.#opened();
    return this.#totals;
  }

  append(messages) {
    return this.#change(this.#sync, ({ count, bytes, next }) => {
      const puts = messages.map((message, index) => ({
        type: 'put',
        key: keyOf(next + index),
        value: encode(message),
      }));
      const sequences = messages.map((_, index) => next + index);
      count += messages.length;
      bytes = messages.reduce((sum, { size }) => sum + size, bytes);
      return { changes: puts, totals: { count, bytes, next: next + messages.length }, sequences };
    });
  }

  async read(after, count) {
    const database = await this.#opened();
    const entries = await database.iterator({ gt: keyOf(after), lt: END, limit: count }).all();
    return entries.map(([key, value]) => decode(key, value));
  }

  /**
   * Does not wait for the disk: after a power failure these messages may come back and are then
   * sent twice.
   */
  remove(messages) {
    return this.#change(false, ({ count, bytes, next }) => {
      const deletions = messages.map(({ sequence }) => ({ type: 'del', key: keyOf(sequence) }));
      count -= messages.length;
      bytes = messages.reduce((sum, { size }) => sum - size, bytes);
      return { changes: deletions, totals: { count, bytes, next }, sequences: [] };
    });
  }

  async close() {
    await this.#turn;
    await this.#forsake();
  }

  #opened() {
    this.#database ??= this.#open();
    return this.#database;
  }

  async #open() {
    try {
      /** @type {ClassicLevel<string, Uint8Array>} */
      const database = new ClassicLevel(this.#path, encodings);
      await database.open();
      const totals = await database.get(TOTALS);
      if (totals) this.#totals = JSON.parse(decoder.decode(totals));
      await this.#sign();
      return database;
    } catch (error) {
      this.#database = undefined;
      throw error.cause?.code === 'LEVEL_LOCKED' ? await this.#locked(error) : causeOf(error);
    }
  }

  /** Records which process has the lock. A full disk is no reason to fail. */
  async #sign() {
    const text = `process ${process.pid} on ${hostname()}`;
    await writeFile(join(this.#path, OWNER), text).catch(() => {});
  }

  #change(sync, plan) {
    const changed = this.#turn.then(async () => {
      const database = await this.#opened();
      const { changes, totals, sequences } = plan(this.#totals);
      const value = encoder.encode(JSON.stringify(totals));
      try {
        await database.batch([...changes, { type: 'put', key: TOTALS, value }], { sync });
      } catch (error) {
        await this.#forsake();
        throw causeOf(error);
      }
      this.#totals = totals;
      return sequences;
    });
    this.#turn = changed.then(
      () => {},
      () => {},
    );
    return changed;
  }

  /**
   * Closes the database, and the next call reopens it: after a failed write, the end of the log is
   * unknown.
   */
  async #forsake() {
    const database = this.#database;
    this.#database = undefined;
    await database?.then((it) => it.close()).catch(() => {});
  }

  async #locked(error) {
    const owner = await readFile(join(this.#path, OWNER), 'utf8').catch(() => 'another process');
    const text = `${owner} is using it; end that process, or use another location for this client`;
    return new Error(text, { cause: error });
  }
}

/** Returns LevelDB's own error, which says more. */
const causeOf = (error) => error.cause ?? error;

const keyOf = (sequence) => `message ${String(sequence).padStart(16, '0')}`;

/** The length of the head, the head as JSON, the body. */
function encode({ body, ...head }) {
  const bytes = encoder.encode(JSON.stringify(head));
  const value = new Uint8Array(4 + bytes.length + body.length);
  new DataView(value.buffer).setUint32(0, bytes.length);
  value.set(bytes, 4);
  value.set(body, 4 + bytes.length);
  return value;
}

function decode(key, value) {
  const length = new DataView(value.buffer, value.byteOffset).getUint32(0);
  const head = JSON.parse(decoder.decode(value.subarray(4, 4 + length)));
  return { ...head, sequence: Number(key.slice('message '.length)), body: value.slice(4 + length) };
}
