import { randomUUID } from 'node:crypto';

const MAX_BATCH = 64;
const LOCK = 60_000;

/** The acknowledgements that a sender asks for → the outcomes that it wants to hear of. */
const WANTED = {
  positive: (statusCode) => statusCode === 'Success',
  negative: (statusCode) => statusCode !== 'Success',
  full: () => true,
};

/**
 * What became of cloud-to-device messages whose senders asked for it, until a back end has read it.
 * @typedef {'Success' | 'Expired' | 'DeliveryCountExceeded' | 'Rejected' | 'Purged'} StatusCode
 * @typedef {{originalMessageId: string | undefined, deviceId: string, deviceGenerationId: string,
 *            enqueuedTimeUtc: string, statusCode: StatusCode, description: string}} FeedbackRecord
 */
export class Feedback {
  /** @type {FeedbackRecord[]} */
  #waiting = [];
  /** Lock token → `{records, timer}` of a batch that a back end has. */
  #locked = new Map();

  /** Takes the end of a message down, if its `ack` asks for that. */
  add(identity, { messageId, ack }, statusCode) {
    if (!WANTED[ack]?.(statusCode)) return;
    this.#waiting.push({
      originalMessageId: messageId,
      deviceId: identity.deviceId,
      deviceGenerationId: identity.generationId,
      enqueuedTimeUtc: new Date().toISOString(),
      statusCode,
      description: statusCode,
    });
  }

  /**
   * Locks the oldest records for a minute.
   * @returns {{lockToken: string, records: FeedbackRecord[]} | undefined} undefined if none wait
   */
  receive() {
    if (this.#waiting.length === 0) return undefined;
    const lockToken = randomUUID();
    const records = this.#waiting.splice(0, MAX_BATCH);
    const timer = setTimeout(() => this.abandon(lockToken), LOCK).unref();
    this.#locked.set(lockToken, { records, timer });
    return { lockToken, records };
  }

  /** Removes a batch for good. @returns {boolean} whether the lock held */
  complete(lockToken) {
    return this.#unlock(lockToken) !== undefined;
  }

  /** Puts a batch back, for the next who asks. @returns {boolean} whether the lock held */
  abandon(lockToken) {
    const records = this.#unlock(lockToken);
    if (records) this.#waiting.unshift(...records);
    return records !== undefined;
  }

  #unlock(lockToken) {
    const batch = this.#locked.get(lockToken);
    clearTimeout(batch?.timer);
    this.#locked.delete(lockToken);
    return batch?.records;
  }
}
