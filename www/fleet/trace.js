import { Log } from './log.js';

const KEPT = 5_000;
const MAX_NEWS = 200;

/** What went over the wire, of all devices or of some. */
export class TraceLog {
  #log = new Log(KEPT);
  #news = new Log(MAX_NEWS);
  #isPaused = false;
  #ids;

  /** @param {{isPaused?: boolean, ids?: string[]}} choice all devices where none are named */
  choose({ isPaused = false, ids }) {
    this.#isPaused = isPaused;
    this.#ids = ids && new Set(ids);
  }

  /**
   * @param {string} id of the device
   * @param {import('iothub-device-client').TraceRecord} record
   */
  add(id, record) {
    if (this.#isPaused || (this.#ids && !this.#ids.has(id))) return;
    const entry = { id, record };
    this.#log.add(entry);
    this.#news.add(entry);
  }

  /** The newest of what was added since the last call. */
  takeNews() {
    const { entries } = this.#news;
    this.#news = new Log(MAX_NEWS);
    return entries.map(toRow);
  }

  /** All that is kept. */
  get entries() {
    return this.#log.entries.map(toRow);
  }
}

function toRow({ id, record: { time, ...record } }) {
  return { time: time.getTime(), id, ...record, text: describe(record) };
}

function describe({ packet, size, packetId, topic, qos, dup, filter, returnCode, ...record }) {
  if (packet === undefined) return describeState(record);
  const details = [
    packetId !== undefined && `id ${packetId}`,
    qos !== undefined && `QoS ${qos}`,
    dup && 'again (DUP)',
    returnCode !== undefined && (returnCode === 0 ? 'accepted' : `refused (${returnCode})`),
    `${size} bytes`,
  ].filter(Boolean);
  return [packet, topic ?? filter, `(${details.join(', ')})`].filter(Boolean).join(' ');
}

function describeState({ state, url, code }) {
  if (url !== undefined) return `${state}: ${url}`;
  return code === undefined ? state : `${state} (code ${code})`;
}
