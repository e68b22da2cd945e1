import { History } from './history.js';
import { keyOfAnswer, keysOfAnswers, wordsOf } from './wire-words.js';

/** Of all devices together, in bytes. */
const LIMIT = 32 * 1024 * 1024;

/** How much is kept of a payload, in bytes. */
const MAX_PAYLOAD = 16 * 1024;

/**
 * What went over the wire last, of each device: the client's trace, with payloads, and each packet
 * with its answer. It holds no key or token.
 */
export class TraceLog {
  #history = new History(LIMIT);
  /** Of each device what waits for an answer, by the key of the answer. */
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
      // As text, which JSON keeps.
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
   * Begins to watch the newest that match. An acknowledgement is told with what it acknowledges, and
   * has no line of its own unless one direction is chosen.
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

  /** What is new in what is watched: in words, without payloads. */
  news() {
    const news = this.#history.news();
    return news && { ...news, entries: news.entries.map(rowOf) };
  }

  /**
   * All that is kept of some devices, oldest first: a line of JSON for each record.
   * @param {Set<string> | undefined} ids `undefined` for all
   */
  export(ids) {
    return this.#history
      .entries(ids)
      .map((entry) => `${JSON.stringify(lineOf(entry))}\n`)
      .join('');
  }
}

/** Notes in an answer, and in what it answers, how long it took; returns the latter. */
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

/** A record with its payload, which the client keeps out of what is copied or logged. */
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

/** What is no text is in base64. A character that is cut off at the end is left out. */
function exported(payload) {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    return { payload: decoder.decode(payload, { stream: true }) };
  } catch {
    return { payloadBase64: btoa(String.fromCharCode(...payload)) };
  }
}
