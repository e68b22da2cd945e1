/** The approximate size of an entry without its texts, in bytes. */
const OVERHEAD = 400;

/** The limit of one device; with more entries, dropping the oldest would be slow. */
const MAX_ENTRIES = 10_000;

/**
 * The newest entries of each device. All devices share one memory limit in equal parts, so that a
 * busy device does not displace the entries of others.
 *
 * A watch returns only the newest entries that match, and how many matched.
 */
export class History {
  #limit;
  #logs = new Map();
  #sequence = 0;
  #view;

  /** @param {number} limit in bytes, of all devices together */
  constructor(limit) {
    this.#limit = limit;
  }

  /** Starts to keep entries of this device. */
  addDevice(id) {
    this.#logs.set(id, { entries: [], sizes: [], bytes: 0, dropped: 0 });
    // The share of each other device is smaller now.
    for (const log of this.#logs.values()) this.#trim(log);
  }

  /** Removes a device and its entries. */
  removeDevice(id) {
    this.#logs.delete(id);
  }

  /**
   * @param {string} id of the device
   * @param {object} content gets `sequence` and `id`
   * @param {number} size of its texts and payload, in bytes
   * @returns {object | undefined} the entry, which may change, see `noteChange`; nothing is kept of a
   *   device that was not added
   */
  add(id, content, size) {
    const log = this.#logs.get(id);
    if (!log) return undefined;
    this.#sequence += 1;
    const entry = { sequence: this.#sequence, id, ...content };
    log.entries.push(entry);
    log.sizes.push(size + OVERHEAD);
    log.bytes += size + OVERHEAD;
    this.#trim(log);
    this.#view?.offer(entry);
    return entry;
  }

  /** An entry has changed, so it may match now, or no longer match. */
  noteChange(entry) {
    this.#view?.update(entry);
  }

  /** The entries of some devices, or of all, oldest first. */
  entries(ids) {
    const found = this.#chosen(ids).flatMap(({ entries }) => entries);
    return found.sort((one, other) => one.sequence - other.sequence);
  }

  /** An entry by its number, if it is still kept. */
  find(id, sequence) {
    return this.#logs.get(id)?.entries.find((entry) => entry.sequence === sequence);
  }

  /**
   * Starts to watch the newest entries that match, including earlier ones.
   * @param {Set<string> | undefined} ids of the devices; `undefined` for all
   * @param {(entry: object) => boolean} matches
   * @param {number} limit how many are reported at most
   */
  watch(ids, matches, limit) {
    const isWanted = (entry) => (ids?.has(entry.id) ?? true) && matches(entry);
    this.#view = new View(isWanted, limit, () => this.#kept(ids));
    for (const entry of this.entries(ids)) this.#view.offer(entry);
  }

  unwatch() {
    this.#view = undefined;
  }

  /** The changes of a watch; `undefined` if there are none. */
  news() {
    return this.#view?.news();
  }

  #trim(log) {
    const part = this.#limit / this.#logs.size;
    while (log.bytes > part || log.entries.length > MAX_ENTRIES) {
      log.entries.shift();
      log.bytes -= log.sizes.shift();
      log.dropped += 1;
    }
  }

  #chosen(ids) {
    const logs = ids ? [...ids].map((id) => this.#logs.get(id)) : [...this.#logs.values()];
    return logs.filter(Boolean);
  }

  #kept(ids) {
    const logs = this.#chosen(ids);
    const sum = (amount) => logs.reduce((all, log) => all + amount(log), 0);
    return {
      count: sum(({ entries }) => entries.length),
      dropped: sum(({ dropped }) => dropped),
      bytes: sum(({ bytes }) => bytes),
      since: Math.min(...logs.map(({ entries }) => entries[0]?.time ?? Infinity)),
      limit: this.#limit,
    };
  }
}

/** The newest entries that match. */
class View {
  #hasNews = true;
  #isWanted;
  #limit;
  #kept;
  #newest = [];
  #matched = 0;

  constructor(isWanted, limit, kept) {
    this.#isWanted = isWanted;
    this.#limit = limit;
    this.#kept = kept;
  }

  offer(entry) {
    if (!this.#isWanted(entry)) return;
    this.#matched += 1;
    this.#newest.push(entry);
    if (this.#newest.length > this.#limit) this.#newest.shift();
    this.#hasNews = true;
  }

  update(entry) {
    const at = this.#newest.indexOf(entry);
    const isWanted = this.#isWanted(entry);
    if (at >= 0 && !isWanted) {
      this.#newest.splice(at, 1);
      this.#matched -= 1;
    } else if (at < 0 && isWanted && !this.#isTooOld(entry)) {
      this.offer(entry);
      this.#newest.sort((one, other) => one.sequence - other.sequence);
    }
    if (at >= 0) this.#hasNews = true;
  }

  /** Whether newer entries have already replaced it. */
  #isTooOld({ sequence }) {
    return this.#newest.length === this.#limit && sequence < this.#newest[0].sequence;
  }

  /** `matched` counts all entries that match, not only the newest. */
  news() {
    if (!this.#hasNews) return undefined;
    this.#hasNews = false;
    return { entries: [...this.#newest].reverse(), matched: this.#matched, kept: this.#kept() };
  }
}
