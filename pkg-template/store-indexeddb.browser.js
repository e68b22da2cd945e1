// Messages in IndexedDB. All pages and workers of an origin write to one database for each device;
// the one that holds the Web Lock of its name sends, and notifies the others of the outcome of
// their messages.

const VERSION = 1;
const MESSAGES = 'messages';
/** The store of single values, by name. */
const FACTS = 'facts';

/** One client's access to the database. */
export class IndexedDbStore {
  #durability;
  #name;
  #context;
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;
  #channel;
  /** Stops waiting for the lock. */
  #closing;
  /** Releases the lock. */
  #release;

  /** @param {'strict' | 'relaxed'} durability */
  constructor(durability) {
    this.#durability = durability;
  }

  async open(context) {
    assertPlatform();
    this.#context = context;
    this.#name = `iothub-device-client ${context.resource}`;
    this.#closing = new AbortController();
    await this.#opened();
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    try {
      const isOwner = await this.#claim({ ifAvailable: true });
      if (isOwner) await this.#announce();
      // The request waits until the owner is gone.
      else
        this.#claim({ signal: this.#closing.signal }).then(
          () => this.#takeOver(),
          () => {},
        );
      const { totals, owner } = await this.#facts();
      return { ...totals, ...(!isOwner && { owner }) };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async append(messages) {
    const bytes = messages.reduce((sum, { size }) => sum + size, 0);
    const sequences = await this.#change(async (stored, { next, ...totals }) => {
      messages.forEach((message, index) => stored.put({ ...message, sequence: next + index }));
      return {
        totals: {
          count: totals.count + messages.length,
          bytes: totals.bytes + bytes,
          next: next + messages.length,
        },
        result: messages.map((_, index) => next + index),
      };
    });
    this.#channel.postMessage({ appended: { count: messages.length, bytes } });
    return sequences;
  }

  async read(after, count) {
    const database = await this.#opened();
    const stored = database.transaction(MESSAGES).objectStore(MESSAGES);
    return settled(stored.getAll(IDBKeyRange.lowerBound(after, true), count));
  }

  async remove(messages, why) {
    const removed = await this.#change(async (stored, totals) => {
      const found = [];
      for (const range of ranges(messages)) {
        const keys = IDBKeyRange.bound(range[0].sequence, range.at(-1).sequence);
        const there = await settled(stored.getAllKeys(keys));
        stored.delete(keys);
        // Another tab may have removed some.
        if (there.length === range.length) found.push(...range);
        else found.push(...range.filter(({ sequence }) => there.includes(sequence)));
      }
      const bytes = found.reduce((sum, { size }) => sum - size, totals.bytes);
      return { totals: { ...totals, count: totals.count - found.length, bytes }, result: found };
    });
    const sizes = removed.map(({ sequence, size }) => ({ sequence, size }));
    this.#channel.postMessage({ removed: sizes, why });
  }

  async close() {
    this.#closing.abort();
    this.#release?.();
    this.#channel.close();
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  /** Changes messages and totals in one transaction. */
  async #change(plan) {
    const database = await this.#opened();
    const options = { durability: this.#durability };
    const transaction = database.transaction([MESSAGES, FACTS], 'readwrite', options);
    const done = completed(transaction);
    done.catch(() => {});
    const facts = transaction.objectStore(FACTS);
    try {
      const before = await settled(facts.get('totals'));
      const { totals, result } = await plan(transaction.objectStore(MESSAGES), before);
      facts.put(totals, 'totals');
      await done;
      return result;
    } catch (error) {
      // If the transaction was aborted, its own error says why.
      await done;
      throw error;
    }
  }

  async #facts() {
    const database = await this.#opened();
    const facts = database.transaction(FACTS).objectStore(FACTS);
    const [totals, owner] = await Promise.all(
      ['totals', 'owner'].map((name) => settled(facts.get(name))),
    );
    return { totals, owner };
  }

  #opened() {
    this.#database ??= this.#reopen();
    return this.#database;
  }

  async #reopen() {
    const isFirst = !this.#channel;
    try {
      const { database, isNew } = await openDatabase(this.#name);
      // Do not block another tab that deletes or upgrades the database.
      database.onversionchange = () => {
        database.close();
        this.#database = undefined;
      };
      database.onclose = () => (this.#database = undefined);
      if (isNew && !isFirst) {
        const totals = { count: 0, bytes: 0 };
        this.#context.lost(new Error(`the database "${this.#name}" was deleted`), totals);
      }
      return database;
    } catch (error) {
      this.#database = undefined;
      throw explained(error, this.#name);
    }
  }

  /** Requests the lock. Resolves with whether this client has it. */
  #claim(options) {
    return new Promise((resolve, reject) => {
      const held = (lock) => {
        resolve(lock !== null);
        if (lock === null || this.#closing.signal.aborted) return undefined;
        return new Promise((release) => (this.#release = release));
      };
      navigator.locks.request(this.#name, options, held).catch(reject);
    });
  }

  async #takeOver() {
    if (this.#closing.signal.aborted) return;
    await this.#announce();
    const { totals } = await this.#facts();
    this.#context.owned(totals);
  }

  /** Notifies the other clients of who sends. Later ones read it from the database. */
  async #announce() {
    const owner = whoIAm();
    const database = await this.#opened();
    const transaction = database.transaction(FACTS, 'readwrite');
    transaction.objectStore(FACTS).put(owner, 'owner');
    await completed(transaction);
    this.#channel.postMessage({ owner });
  }

  #heard({ appended, removed, why, owner }) {
    if (appended) this.#context.appended(appended.count, appended.bytes);
    else if (removed) this.#context.removed(removed, why);
    else if (owner) this.#context.ownerChanged(owner);
  }
}

function assertPlatform() {
  if (typeof indexedDB === 'undefined') throw new Error('there is no IndexedDB here');
  if (!globalThis.navigator?.locks) {
    throw new Error('there are no Web Locks here: the page must come from https: or localhost');
  }
}

/** @returns {Promise<{ database: IDBDatabase, isNew: boolean }>} */
function openDatabase(name) {
  return new Promise((resolve, reject) => {
    // This throws if the user blocks storage.
    const request = indexedDB.open(name, VERSION);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      request.result.createObjectStore(MESSAGES, { keyPath: 'sequence' });
      const facts = request.result.createObjectStore(FACTS);
      // Never reuses a sequence of an earlier, deleted database of this name.
      facts.put({ count: 0, bytes: 0, next: Date.now() * 1000 }, 'totals');
    };
    request.onsuccess = () => resolve({ database: request.result, isNew });
    request.onerror = () => reject(request.error);
  });
}

function explained(error, name) {
  const texts = {
    VersionError: `the database "${name}" was created by a later version of this package; reload the page`,
    SecurityError:
      'the browser does not let this page store data: check its settings for site data',
    QuotaExceededError: 'the storage quota of this site is used up',
  };
  const text = texts[error.name];
  return text ? new Error(text, { cause: error }) : error;
}

/** @returns {Promise<any>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () =>
      reject(explained(transaction.error ?? new Error('the database was closed'), ''));
  });
}

/** Groups messages with consecutive sequences: each group is one request. */
function ranges(messages) {
  const found = [];
  for (const message of messages) {
    const range = found.at(-1);
    if (range && range.at(-1).sequence + 1 === message.sequence) range.push(message);
    else found.push([message]);
  }
  return found;
}

/** Shown to the user in the errors of other tabs, without the query, which may hold a secret. */
function whoIAm() {
  const kind = typeof document === 'undefined' ? 'the worker' : 'the page';
  const { origin, pathname } = location;
  return `${kind} ${origin}${pathname}, opened at ${new Date(performance.timeOrigin).toISOString()},`;
}
