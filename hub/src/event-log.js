/**
 * A numbered log that keeps its newest entries and lets readers wait for more.
 * @template {object} Entry
 */
export class EventLog {
  #capacity;
  #budget;
  #records;
  #name;
  #ring = [];
  #last = 0;
  #waiting = new Set();

  /**
   * @param {number} capacity how many entries are kept
   * @param {object} [options]
   * @param {import('./budget.js').Budget} [options.budget] shared with other logs
   * @param {import('./store.js').Records} [options.records] to save the log in; without them it
   *   ends with the process
   * @param {string} [options.name] of the log in the records
   */
  constructor(capacity, { budget, records, name } = {}) {
    this.#capacity = capacity;
    this.#budget = budget;
    this.#records = records;
    this.#name = name;
  }

  /** Restores a saved entry; entries must come in order. */
  restore(entry, size = 0) {
    this.#last = entry.sequence;
    this.#ring[(entry.sequence - 1) % this.#capacity] = entry;
    this.#budget?.spend(this, entry.sequence, size);
  }

  /** The number of the newest entry, or 0. */
  get last() {
    return this.#last;
  }

  /** Adds the entry; its `sequence` starts at 1, its `size` in bytes counts for the budget. */
  append(entry, size = 0) {
    entry.sequence = ++this.#last;
    this.#ring[(entry.sequence - 1) % this.#capacity] = entry;
    this.#records?.put(this.#name, entry, entry.sequence);
    if (this.#last > this.#capacity) {
      this.#records?.delete(this.#name, this.#last - this.#capacity);
    }
    this.#budget?.spend(this, entry.sequence, size);
    for (const notify of this.#waiting) notify(entry);
  }

  /** Drops an entry, if it still exists. */
  forget(sequence) {
    const index = (sequence - 1) % this.#capacity;
    if (this.#ring[index]?.sequence !== sequence) return;
    this.#ring[index] = undefined;
    this.#records?.delete(this.#name, sequence);
  }

  /** Drops all entries of a log that is not saved; the numbers continue. */
  clear() {
    this.#ring = [];
  }

  /**
   * Resolves with the entries after number `after`, as soon as there are `count` of them or the
   * wait ends.
   * @param {object} query
   * @param {number} [query.after]
   * @param {number} [query.count]
   * @param {number} [query.timeout] seconds
   * @param {(entry: Entry) => boolean} [query.matches]
   * @param {AbortSignal} [query.signal] ends the wait early
   * @returns {Promise<Entry[]>}
   */
  async read({ after = 0, count = 1, timeout = 0, matches = () => true, signal }) {
    const found = this.#after(after, matches);
    const missing = count - found.length;
    if (missing <= 0 || timeout <= 0) return found;
    await this.#wait(missing, after, timeout, matches, signal);
    return this.#after(after, matches);
  }

  #after(after, matches) {
    const found = [];
    const oldest = Math.max(after, this.#last - this.#capacity);
    for (let sequence = oldest; sequence < this.#last; sequence++) {
      const entry = this.#ring[sequence % this.#capacity];
      if (entry && matches(entry)) found.push(entry);
    }
    return found;
  }

  /** @returns {Promise<void>} */
  #wait(missing, after, timeout, matches, signal) {
    return new Promise((resolve, reject) => {
      const notify = (entry) => {
        try {
          if (entry.sequence > after && matches(entry) && --missing === 0) done();
        } catch (error) {
          // The reader gets its own error, not the code that added the entry.
          reject(error);
          done();
        }
      };
      const done = () => {
        this.#waiting.delete(notify);
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeout * 1000);
      signal?.addEventListener('abort', done);
      this.#waiting.add(notify);
    });
  }
}
