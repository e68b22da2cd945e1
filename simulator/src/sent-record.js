import { toCsv } from './csv.js';
import { History } from './history.js';
import { recordedLine } from './recorded.js';

/** The limit of all devices together, in bytes. */
const LIMIT = 32 * 1024 * 1024;

/** How many characters of a body are passed on before the whole is requested. */
const EXCERPT = 300;

/**
 * The last messages that devices have sent, and their outcomes.
 *
 * @typedef {object} SentEntry
 * @property {number} sequence
 * @property {string} id of the device
 * @property {number} time when it was sent, in milliseconds since 1970
 * @property {string} [name] of the message in the scene; one that was sent by hand has none
 * @property {string} text the body
 * @property {number} size of the body, in bytes
 * @property {Record<string, string>} properties
 * @property {Record<string, string>} systemProperties
 * @property {'waiting' | 'acknowledged' | 'failed'} status
 * @property {number} [milliseconds] until it was acknowledged
 * @property {string} [error] why it was not
 */
export class SentRecord {
  #history = new History(LIMIT);

  addDevice(id) {
    this.#history.addDevice(id);
  }

  removeDevice(id) {
    this.#history.removeDevice(id);
  }

  /**
   * @param {string} id of the device
   * @param {import('./device-telemetry.js').SentMessage} message
   * @param {number} time
   * @returns {SentEntry | undefined}
   */
  add(id, { name, text, properties, contentType, contentEncoding }, time) {
    const systemProperties = { contentType, contentEncoding };
    const size = new TextEncoder().encode(text).length;
    const content = { time, name, text, size, properties, systemProperties, status: 'waiting' };
    return this.#history.add(id, content, size + JSON.stringify(properties).length);
  }

  /**
   * Records the outcome of a message.
   * @param {SentEntry | undefined} entry
   * @param {Pick<SentEntry, 'status' | 'milliseconds' | 'error'>} outcome
   */
  settle(entry, outcome) {
    if (entry) this.#history.noteChange(Object.assign(entry, outcome));
  }

  /** The whole entry of a row, if it is still kept. */
  find(id, sequence) {
    return this.#history.find(id, sequence);
  }

  /**
   * Starts to watch the newest messages that match.
   * @param {{ids?: Set<string>, text?: string, status?: SentEntry['status'] | 'any',
   *          limit: number}} query
   */
  watch({ ids, text = '', status = 'any', limit }) {
    const words = text.trim().toLowerCase();
    const matches = (entry) =>
      (status === 'any' || entry.status === status) &&
      (words === '' || wordsOf(entry).includes(words));
    this.#history.watch(ids, matches, limit);
  }

  unwatch() {
    this.#history.unwatch();
  }

  /** The changes of the watch, with the beginning of each body. */
  news() {
    const news = this.#history.news();
    return news && { ...news, entries: news.entries.map(rowOf) };
  }

  /**
   * All kept messages of some devices, oldest first.
   * @param {Set<string> | undefined} ids `undefined` for all
   * @param {'jsonl' | 'csv'} format
   */
  export(ids, format) {
    const entries = this.#history.entries(ids);
    if (format === 'csv') return toCsv(COLUMNS, entries.map(cellsOf));
    return entries.map((entry) => `${JSON.stringify(lineOf(entry))}\n`).join('');
  }
}

const wordsOf = ({ id, name, text, properties, systemProperties, error }) =>
  [id, name, text, JSON.stringify(properties), JSON.stringify(systemProperties), error]
    .join(' ')
    .toLowerCase();

const rowOf = ({ text, ...entry }) => ({ ...entry, excerpt: text.slice(0, EXCERPT) });

const COLUMNS = [
  'time',
  'deviceId',
  'name',
  'status',
  'acknowledgedAfterMs',
  'error',
  'contentType',
  'contentEncoding',
  'properties',
  'body',
];

function cellsOf(entry) {
  const { properties, ...line } = lineOf(entry);
  return { ...line, properties: JSON.stringify(properties), body: entry.text };
}

/** An entry as it is exported: what can be replayed, and its outcome. */
function lineOf({ id, time, systemProperties, status, milliseconds, error, ...message }) {
  return {
    ...recordedLine(id, { ...message, ...systemProperties }, time),
    status,
    acknowledgedAfterMs: milliseconds && Number(milliseconds.toFixed(1)),
    error,
  };
}
