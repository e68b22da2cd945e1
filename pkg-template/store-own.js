// Checks a store that a user wrote: a faulty store must not cause a wrong message to be sent, or a
// call to wait for a sequence that no message has.
import { bytesOf, called } from './outbox-options.js';

export class OwnStore {
  #store;

  /** @param {any} store of the user */
  constructor(store) {
    this.#store = store;
  }

  async open(context) {
    const totals = await called(() => this.#store.open(context));
    if (!isCount(totals?.count) || !isCount(totals.bytes)) {
      throw new TypeError('open of the store must return { count, bytes } of what it holds');
    }
    return totals;
  }

  async append(messages) {
    const sequences = await called(() => this.#store.append(messages));
    const isOneForEach = Array.isArray(sequences) && sequences.length === messages.length;
    if (!isOneForEach || !areGrowing(sequences, 0)) {
      throw new TypeError(
        'append of the store must return a whole number for each message, each above the last',
      );
    }
    return sequences;
  }

  async read(after, count) {
    const messages = await called(() => this.#store.read(after, count));
    const areMessages = Array.isArray(messages) && messages.every(isMessage);
    const sequences = areMessages && messages.map(({ sequence }) => sequence);
    if (!sequences || !areGrowing(sequences, after)) {
      throw new TypeError(
        'read of the store must return messages as they were stored, the oldest first',
      );
    }
    return messages.map(({ body, movedAside, ...message }) => ({
      ...message,
      body: bytesOf(body),
      // Databases return null for missing values.
      movedAside: movedAside ?? undefined,
    }));
  }

  async remove(messages) {
    return called(() => this.#store.remove(messages));
  }

  async close() {
    return called(() => this.#store.close());
  }
}

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

/** Whether each is a whole number above the one before, the first above `last`. */
const areGrowing = (sequences, last) =>
  sequences.every((sequence, i) => isCount(sequence) && sequence > (sequences[i - 1] ?? last));

const isMessage = (message) =>
  isCount(message?.size) &&
  Number.isFinite(message.storedAt) &&
  bytesOf(message.body) !== undefined &&
  typeof message.systemProperties === 'string' &&
  typeof message.customProperties === 'string';
