import { randomUUID } from 'node:crypto';

const MAX_BATCH = 64;
const LOCK = 60_000;
/** The maximum number of records: senders may request feedback that nobody reads. */
const MAX_WAITING = 10_000;
/** The prefix of the records' keys. */
const NAME = 'feedback';

/** The acknowledgements that a sender requests → the outcomes that these cover. */
const WANTED = {
  positive: (statusCode) => statusCode === 'Success',
  negative: (statusCode) => statusCode !== 'Success',
  full: () => true,
};

/**
 * The outcomes of cloud-to-device messages whose senders requested feedback, until a back end has
 * read them. Records survive a restart, locks do not.
 * @typedef {'Success' | 'Expired' | 'DeliveryCountExceeded' | 'Rejected' | 'Purged'} StatusCode
 * @typedef {{originalMessageId: string | undefined, deviceId: string, deviceGenerationId: string,
 *            enqueuedTimeUtc: string, statusCode: StatusCode, description: string}} FeedbackRecord
 */
export class Feedback {
  #store;
  /** `{number, record}`, the oldest first. */
  #waiting = [];
  /** Lock token → `{entries, timer}` of a batch that a back end has locked. */
  #locked = new Map();
  #lastNumber = 0;

  /** @param {import('./store.js').Records} store */
  constructor(store) {
    this.#store = store;
  }

  /** @returns {Promise<Feedback>} with everything in the store */
  static async open(store) {
    const feedback = new Feedback(store.scope(''));
    for await (const [key, record] of store.entries(`${NAME}/`)) {
      feedback.#lastNumber = Number(key);
      feedback.#waiting.push({ number: feedback.#lastNumber, record });
    }
    return feedback;
  }

  /** Records the outcome of a message, if its `ack` requests that. */
  add(identity, { messageId, ack }, statusCode) {
    if (!Object.hasOwn(WANTED, ack) || !WANTED[ack](statusCode)) return;
    const record = {
      originalMessageId: messageId,
      deviceId: identity.deviceId,
      deviceGenerationId: identity.generationId,
      enqueuedTimeUtc: new Date().toISOString(),
      statusCode,
      description: statusCode,
    };
    const number = ++this.#lastNumber;
    this.#waiting.push({ number, record });
    this.#store.put(NAME, record, number);
    if (this.#waiting.length > MAX_WAITING) this.#remove([this.#waiting.shift()]);
  }

  /**
   * Locks the oldest records for a minute.
   * @returns {{lockToken: string, records: FeedbackRecord[]} | undefined} undefined if there are
   *   none
   */
  receive() {
    if (this.#waiting.length === 0) return undefined;
    const lockToken = randomUUID();
    const entries = this.#waiting.splice(0, MAX_BATCH);
    const timer = setTimeout(() => this.abandon(lockToken), LOCK).unref();
    this.#locked.set(lockToken, { entries, timer });
    return { lockToken, records: entries.map(({ record }) => record) };
  }

  /** Removes a batch for good. @returns {boolean} whether the lock held */
  complete(lockToken) {
    const entries = this.#unlock(lockToken);
    if (entries) this.#remove(entries);
    return entries !== undefined;
  }

  /** Returns a batch to the queue. @returns {boolean} whether the lock held */
  abandon(lockToken) {
    const entries = this.#unlock(lockToken);
    if (entries) this.#waiting.unshift(...entries);
    return entries !== undefined;
  }

  /** Removes all records, including locked ones. */
  clear() {
    for (const lockToken of this.#locked.keys()) this.complete(lockToken);
    this.#remove(this.#waiting.splice(0));
  }

  #unlock(lockToken) {
    const batch = this.#locked.get(lockToken);
    clearTimeout(batch?.timer);
    this.#locked.delete(lockToken);
    return batch?.entries;
  }

  #remove(entries) {
    for (const { number } of entries) this.#store.delete(NAME, number);
  }
}
