// From calls to the store: messages are stored in batches, within the limits.
import { readable } from './outbox-options.js';
import { watched } from './outbox-patience.js';

/** How many messages one batch may have. */
const BATCH = 512;
/** How many bytes one batch may have, unless one message alone is larger. */
const BATCH_BYTES = 4 * 1024 ** 2;

export class Intake {
  #outbox;
  #port;
  #store;
  #options;
  /** Calls whose message is not stored yet. */
  #arrivals = [];
  /** The calls whose message is being stored. */
  #batch = [];
  #storing = Promise.resolve();
  #isStoring = false;

  /**
   * @param {import('./outbox.js').Outbox} outbox
   * @param {import('./outbox-types.js').Port} port
   * @param {import('./outbox-types.js').MessageStore} store
   * @param {ReturnType<typeof import('./outbox-options.js').outboxOptions>} options
   */
  constructor(outbox, port, store, options) {
    this.#outbox = outbox;
    this.#port = port;
    this.#store = store;
    this.#options = options;
  }

  get isStoring() {
    return this.#isStoring;
  }

  /** The messages that are counted and not stored yet. */
  get messages() {
    return [...this.#batch, ...this.#arrivals].map(({ message }) => message);
  }

  /** Accepts a call whose message must be stored. */
  admit(call) {
    const { message } = call;
    const { count, bytes } = this.#outbox;
    if (this.#isOver(count + 1, bytes + message.size) && this.#options.whenFull === 'refuse') {
      const text =
        `the outbox is full: it holds ${count} messages and ${bytes} bytes; ` +
        'increase maxMessages or maxBytes, or set whenFull';
      return call.reject(this.#outbox.clientError(text));
    }
    this.#outbox.add([message]);
    this.#arrivals.push(call);
    if (!this.#isStoring) this.#storing = this.#storeArrivals();
  }

  /** Resolves when the messages of all earlier calls are stored, or could not be. */
  get ended() {
    return this.#storing;
  }

  #isOver(count, bytes) {
    return count > this.#options.maxMessages || bytes > this.#options.maxBytes;
  }

  /** Stores messages batch by batch; those that arrive during one write form the next batch. */
  async #storeArrivals() {
    this.#isStoring = true;
    // Calls of one turn of the event loop are stored together.
    await undefined;
    while (this.#arrivals.length > 0) {
      this.#batch = this.#takeBatch();
      const stored = this.#storeBatch(this.#batch);
      await watched(stored, this.#port.operationTimeoutMs, (error) => this.#giveUp(error));
      this.#batch = [];
    }
    this.#isStoring = false;
    this.#outbox.checkDrained();
  }

  /** Takes as many messages as one batch and the limits of the store allow. */
  #takeBatch() {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.#arrivals) {
      bytes += message.size;
      const isMore = bytes > BATCH_BYTES || this.#isOver(count + 1, bytes);
      if (count > 0 && (count === BATCH || isMore)) break;
      count += 1;
    }
    return this.#arrivals.splice(0, count);
  }

  async #storeBatch(calls) {
    const messages = calls.map(({ message }) => message);
    try {
      await this.#makeRoom();
      const encrypted = await Promise.all(messages.map((message) => this.#encrypted(message)));
      const sequences = await this.#store.append(encrypted);
      messages.forEach((message, index) => (message.sequence = sequences[index]));
    } catch (error) {
      this.#outbox.subtract(messages);
      this.#reject(calls, error);
      return;
    }
    this.#outbox.stored(calls);
  }

  /** The store does not respond: it may still store the batch, but not later messages. */
  #giveUp(error) {
    const later = this.#arrivals.splice(0);
    this.#outbox.subtract(later.map(({ message }) => message));
    for (const call of this.#batch) call.awaitsHub = false;
    this.#reject([...this.#batch, ...later], error);
  }

  #reject(calls, cause) {
    const text = `the store could not take the message: ${cause.message}`;
    const error = this.#outbox.clientError(text, cause);
    for (const call of calls) call.reject(error);
  }

  async #encrypted(message) {
    return { ...message, body: await this.#options.encrypt(message.body) };
  }

  /** Drops the oldest messages, if that is the policy. */
  async #makeRoom() {
    let after = 0;
    while (this.#isOver(...this.#totals())) {
      const oldest = await this.#store.read(after, BATCH);
      if (oldest.length === 0) return;
      after = oldest.at(-1).sequence;
      // The hub may have acknowledged some in the meantime.
      let [count, bytes] = this.#totals();
      const chosen = [];
      for (const message of oldest) {
        if (!this.#isOver(count, bytes)) break;
        if (!this.#outbox.mayDrop(message)) continue;
        chosen.push(readable(message, this.#options));
        after = message.sequence;
        count -= 1;
        bytes -= message.size;
      }
      // Chosen messages may still be sent: a newer one must not overtake them if the process ends.
      const left = (await Promise.all(chosen)).filter((message) => this.#outbox.mayDrop(message));
      await this.#outbox.drop(left, 'full');
    }
  }

  /** How many messages, and how many bytes, the store will hold with the batch in it. */
  #totals() {
    const { count, bytes } = this.#outbox;
    const later = this.#arrivals.reduce((sum, { message }) => sum + message.size, 0);
    return [count - this.#arrivals.length, bytes - later];
  }
}
