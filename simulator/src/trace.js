import { History } from './history.js';
import { keyOfAnswer, keysOfAnswers, wordsOf } from './wire-words.js';

/** The limit of all devices together, in bytes. */
const LIMIT = 32 * 1024 * 1024;

/** How much is kept of a payload, in bytes. */
const MAX_PAYLOAD = 16 * 1024;

/**
 * The newest packets of each device: the client's trace, with payloads, and each packet with its
 * response. It contains no key or token.
 */
export class TraceLog {
  #history = new History(LIMIT);
  /** The packets of each device that wait for a response, by the key of the response. */
  #waiting = new Map();

  addDevice(id) {
    this.#history.addDevice(id);
    this.#waiting.set(id, new Map());
  }

  removeDevice(id) {
    this.#history.removeDevice(id);
    this.#waiting.delete(id);
  }

  /**
   * @param {string} id of the device
   * @param {import('iothub-device-client').TraceRecord} record
   */
  add(id, record) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const { time, error, payload, ...rest } = partsOf(record);
    const content = {
      time: time.getTime(),
      at: performance.now(),
      ...rest,
      payload: payload?.slice(0, MAX_PAYLOAD),
      payloadSize: payload?.length,
      // As text, because JSON would lose an Error.
      error: error && `${error.name}: ${error.message}`,
    };
    if (record.state === 'socket opening') waiting.clear();
    const asked = takeAsked(waiting, content);
    const size = (content.payload?.length ?? 0) + (content.topic?.length ?? 0);
    const entry = this.#history.add(id, content, size);
    if (asked) this.#history.noteChange(asked);
    for (const key of keysOfAnswers(entry)) waiting.set(key, entry);
  }

  /** The payload of a row, if it is still kept. */
  payload(id, sequence) {
    return this.#history.find(id, sequence)?.payload;
  }

  /**
   * Starts to watch the newest that match. An acknowledgement is shown with the packet that it
   * acknowledges, and has its own line only if one direction is chosen.
   * @param {{ids?: Set<string>, text?: string, limit: number,
   *          direction?: 'any' | 'sent' | 'received' | 'socket'}} query
   */
  watch({ ids, text = '', direction = 'any', limit }) {
    const words = text.trim().toLowerCase();
    const matches = (entry) => {
      if (direction === 'any' ? entry.isFolded : directionOf(entry) !== direction) return false;
      return words === '' || searched(entry).includes(words);
    };
    this.#history.watch(ids, matches, limit);
  }

  unwatch() {
    this.#history.unwatch();
  }

  /** The changes of the watch: in words, without payloads. */
  news() {
    const news = this.#history.news();
    return news && { ...news, entries: news.entries.map(rowOf) };
  }

  /**
   * All kept records of some devices, oldest first, each as a line of JSON.
   * @param {Set<string> | undefined} ids `undefined` for all
   */
  export(ids) {
    return this.#history
      .entries(ids)
      .map((entry) => `${JSON.stringify(lineOf(entry))}\n`)
      .join('');
  }
}

/** Records in a response and its request how long it took; returns the request. */
function takeAsked(waiting, content) {
  const key = keyOfAnswer(content);
  const asked = waiting.get(key);
  if (!asked) return undefined;
  waiting.delete(key);
  content.afterMs = content.at - asked.at;
  if (content.packet === 'PUBACK') {
    content.isFolded = true;
    asked.acknowledgedMs = content.afterMs;
  }
  return asked;
}

/** A record with its payload, which copies and logs of the record leave out. */
const partsOf = (record) => ({ ...record, payload: record.payload });

const directionOf = ({ direction = 'socket' }) => direction;

function searched(entry) {
  const { name, about, topic, chips } = wordsOf(entry);
  const pairs = chips.map(({ name, value }) => `${name}=${value ?? ''}`);
  const payload = entry.payload && new TextDecoder().decode(entry.payload);
  const puback = entry.acknowledgedMs === undefined ? '' : 'puback';
  return [entry.id, name, about, topic, ...pairs, payload, puback].join(' ').toLowerCase();
}

function rowOf(entry) {
  const { sequence, id, time, size, qos, payloadSize, afterMs, acknowledgedMs } = entry;
  const measured = { size, payloadSize, afterMs, acknowledgedMs };
  return { sequence, id, time, qos, ...measured, ...wordsOf(entry) };
}

/** An entry as it is exported. */
function lineOf({ at, isFolded, payload, ...entry }) {
  return { ...entry, ...(payload && exported(payload)) };
}

/** Base64 if it is not text. A character that is cut off at the end is left out. */
function exported(payload) {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    return { payload: decoder.decode(payload, { stream: true }) };
  } catch {
    return { payloadBase64: btoa(String.fromCharCode(...payload)) };
  }
}
