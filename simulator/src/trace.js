import { Log } from './log.js';

const KEPT = 5_000;

/** What went over the wire last, of all devices. It holds no payload, key or token. */
export class TraceLog {
  #log = new Log(KEPT);
  #sequence = 0;

  /**
   * @param {string} id of the device
   * @param {import('iothub-device-client').TraceRecord} record
   */
  add(id, { time, ...record }) {
    this.#sequence += 1;
    // An error as text, which JSON keeps.
    const { error = undefined } = 'error' in record ? record : {};
    const said = error && { error: `${error.name}: ${error.message}` };
    this.#log.add({ sequence: this.#sequence, time: time.getTime(), id, ...record, ...said });
  }

  /**
   * What came behind a number, oldest first.
   * @param {number} sequence 0 for all
   * @param {Set<string> | undefined} ids of the devices; `undefined` for all
   */
  after(sequence, ids) {
    const records = this.#log.entries;
    const first = records.findIndex((record) => record.sequence > sequence);
    const news = first < 0 ? [] : records.slice(first);
    return ids ? news.filter(({ id }) => ids.has(id)) : news;
  }

  /** The number of the newest. */
  get last() {
    return this.#sequence;
  }
}
