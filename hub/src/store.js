import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/**
 * The format version. Increase it with every change that makes other versions misread the records.
 */
const FORMAT = 1;
const DIGITS = 16;

/** The data directory cannot be used; the message says why and what to do. */
export class DataError extends Error {
  name = 'DataError';
}

/**
 * The records of one part of the hub.
 * @typedef {object} Records
 * @property {(key: string, value: unknown, number?: number) => void} put replaces the record; the
 *   value is read at the end of the current turn
 * @property {(key: string, number?: number) => void} delete
 */

/** Forgets everything when the process ends, so nothing waits for a write. */
export class MemoryStore {
  #records = { put() {}, delete() {} };

  /** Content too large for a record; `write` returns what `read` and `delete` take. */
  files = {
    write: async (bytes) => bytes,
    read: async (bytes) => bytes,
    delete() {},
    keepOnly() {},
  };

  /** @returns {Records} */
  scope() {
    return this.#records;
  }

  deleteScope() {}

  async keep(name, make) {
    return make();
  }

  async *entries() {}

  whenSaved(action) {
    action();
  }

  async close() {}
}

/**
 * Keeps records in a LevelDB in a directory. The changes of one turn become one atomic write;
 * `whenSaved` runs actions that must wait for it.
 */
export class DiskStore {
  #directory;
  #level;
  /** Key → value, undefined for a deleted one. */
  #changes = new Map();
  #deletedScopes = [];
  #actions = [];
  /**
   * Settles at the end of the current writes.
   * @type {Promise<void> | null}
   */
  #saving = null;
  #isClosed = false;

  constructor(directory, level, files) {
    this.#directory = directory;
    this.#level = level;
    this.files = files;
  }

  /** @param {string} directory is created if it does not exist */
  static async open(directory) {
    await makeDirectory(directory);
    const isNew = await checkFormat(directory);
    const level = await openLevel(directory, isNew);
    if (isNew) await writeWhole(formatFileOf(directory), `${FORMAT}\n`);
    return new DiskStore(directory, level, await Files.open(join(directory, 'files')));
  }

  /** @returns {Records} the records whose keys begin with the prefix */
  scope(prefix) {
    const keyOf = (key, number) =>
      number === undefined
        ? prefix + key
        : `${prefix}${key}/${String(number).padStart(DIGITS, '0')}`;
    return {
      put: (key, value, number) => this.#change(keyOf(key, number), value),
      delete: (key, number) => this.#change(keyOf(key, number), undefined),
    };
  }

  /** Deletes all records whose keys begin with the prefix. */
  deleteScope(prefix) {
    for (const key of this.#changes.keys()) {
      if (key.startsWith(prefix)) this.#changes.delete(key);
    }
    this.#deletedScopes.push(prefix);
    this.#saving ??= this.#save();
  }

  /** A value that is created at the first start and kept. */
  async keep(name, make) {
    for await (const [, value] of this.entries(`hub/${name}/`)) return value;
    const value = make();
    this.#change(`hub/${name}/`, value);
    return value;
  }

  /** The keys, without the prefix, and values of the saved records, sorted by key. */
  async *entries(prefix) {
    try {
      for await (const [key, bytes] of this.#level.iterator(rangeOf(prefix))) {
        yield [key.slice(prefix.length), deserialize(bytes)];
      }
    } catch (error) {
      throw damaged(this.#directory, error);
    }
  }

  /**
   * Runs the action when all changes up to the end of this turn are saved, so that they survive the
   * end of the process by any signal. Actions run in order.
   */
  whenSaved(action) {
    this.#actions.push(action);
    this.#saving ??= this.#save();
  }

  /** Saves the changes so far, but none that timers of a closed hub still make. */
  async close() {
    this.#isClosed = true;
    await this.#saving;
    await this.#level.close();
  }

  #change(key, value) {
    if (this.#isClosed) return;
    this.#changes.set(key, value);
    this.#saving ??= this.#save();
  }

  async #save() {
    // All changes of this turn go into one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#changes.size + this.#deletedScopes.length + this.#actions.length > 0) {
      const actions = this.#actions.splice(0);
      await this.#write();
      for (const action of actions) action();
    }
    this.#saving = null;
  }

  async #write() {
    const puts = [...this.#changes].map(([key, value]) =>
      value === undefined ? { type: 'del', key } : { type: 'put', key, value: serialize(value) },
    );
    this.#changes.clear();
    const scopes = this.#deletedScopes.splice(0);
    try {
      const keys = await Promise.all(scopes.map((scope) => this.#level.keys(rangeOf(scope)).all()));
      const deletions = keys.flat().map((key) => ({ type: 'del', key }));
      if (deletions.length + puts.length > 0) await this.#level.batch([...deletions, ...puts]);
    } catch (error) {
      const reason = error.cause?.message ?? error.message;
      throw new DataError(`nothing more can be saved in ${this.#directory}: ${reason}`);
    }
  }
}

/** Files with unique names, each written once. */
class Files {
  #directory;

  constructor(directory) {
    this.#directory = directory;
  }

  static async open(directory) {
    await mkdir(directory, { recursive: true });
    return new Files(directory);
  }

  /** @returns {Promise<string>} resolves with the name of the file when it is complete */
  async write(bytes) {
    const name = randomUUID();
    await writeFile(join(this.#directory, name), bytes);
    return name;
  }

  read(name) {
    return readFile(join(this.#directory, name));
  }

  delete(name) {
    return rm(join(this.#directory, name), { force: true });
  }

  /** Removes files that a killed hub had written but not yet referred to in a record. */
  async keepOnly(names) {
    const unknown = (await readdir(this.#directory)).filter((name) => !names.has(name));
    await Promise.all(unknown.map((name) => this.delete(name)));
  }
}

/** Puts a file in place atomically, so that nobody reads an incomplete one. */
export async function writeWhole(file, content) {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function makeDirectory(directory) {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes(error.code)) throw error;
    throw new DataError(`${directory} is not a directory: it, or a part of its path, is a file`);
  }
}

const formatFileOf = (directory) => join(directory, 'format');

/** @returns {Promise<boolean>} whether the directory holds no data yet */
async function checkFormat(directory) {
  const text = await readFile(formatFileOf(directory), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return true;
  const format = Number(text);
  if (Number.isInteger(format) && format > FORMAT) {
    throw new DataError(
      `${directory} has data of a newer iothub-local: format ${format}, this one supports ${FORMAT};` +
        ' use that version, or another directory',
    );
  }
  if (format !== FORMAT) throw damaged(directory, new Error(`its format is "${text.trim()}"`));
  return false;
}

async function openLevel(directory, createIfMissing) {
  // A hub in memory does not need the native module.
  const { ClassicLevel } = await import('classic-level');
  const level = new ClassicLevel(join(directory, 'records'), {
    createIfMissing,
    valueEncoding: 'buffer',
  });
  try {
    await level.open();
    return level;
  } catch (error) {
    if (error.cause?.code === 'LEVEL_LOCKED') {
      throw new DataError(
        `${directory} is in use by another hub; stop that hub, or use another directory`,
      );
    }
    throw damaged(directory, error.cause ?? error);
  }
}

const damaged = (directory, { message }) =>
  new DataError(
    `the data in ${directory} cannot be read: ${message}; restore it from a backup, or move it away`,
  );

/** Prefixes end with a slash; the next character after the slash is a zero. */
const rangeOf = (prefix) => ({ gte: prefix, lt: `${prefix.slice(0, -1)}0` });
