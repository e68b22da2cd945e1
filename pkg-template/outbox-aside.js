// Messages that the hub does not accept. They are marked and moved to the end of the store, where
// they do not block others.
import { readable } from './outbox-options.js';

/** How many messages one read returns. */
const PORTION = 512;

export class Aside {
  #outbox;
  #port;
  #store;
  #options;
  /** Sequences: a message that was listed twice, or dropped too, is counted once. */
  #gone = new Set();
  /** Sequences of messages whose copy could not be stored yet. */
  #unmarked = new Set();

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

  /**
   * Stores a marked copy of a message, unless the message was dropped in the meantime. Resolves
   * with whether it did.
   * @param {import('./outbox-types.js').StoredMessage} message
   * @param {Error} cause
   * @param {Uint8Array} [stored] its body as it is stored, if that cannot be read
   */
  async mark(message, cause, stored) {
    const { sequence, storedAt, size, systemProperties, customProperties } = message;
    this.#unmarked.delete(sequence);
    if (this.#gone.delete(sequence)) return false;
    try {
      const body = stored ?? (await this.#options.encrypt(message.body));
      const kept = { storedAt, size, body, systemProperties, customProperties };
      await this.#store.append([{ ...kept, movedAside: cause.message }]);
      return true;
    } catch (error) {
      this.#unmarked.add(sequence);
      throw error;
    }
  }

  /** For the user, oldest first. */
  async list() {
    const found = [];
    let after = 0;
    for (;;) {
      const read = this.#store.read(after, PORTION);
      const messages = await this.#outbox.inTime('the store could not be read', read);
      if (messages.length === 0) return found;
      after = messages.at(-1).sequence;
      for (const message of messages) {
        if (message.movedAside !== undefined) found.push(await this.#shown(message));
      }
    }
  }

  /** Whether a message was moved aside, or will be. */
  has({ sequence, movedAside }) {
    return movedAside !== undefined || this.#unmarked.has(sequence);
  }

  isGone(sequence) {
    return this.#gone.has(sequence);
  }

  /** Returns whether a message is still there; if so, it counts as gone. */
  mayLeave(sequence) {
    if (this.#gone.has(sequence)) return false;
    this.#gone.add(sequence);
    return true;
  }

  async #shown(message) {
    return {
      message: this.#port.decode(await readable(message, this.#options)),
      storedAt: new Date(message.storedAt),
      reason: message.movedAside,
      discard: () => this.#discard(message),
    };
  }

  async #discard(message) {
    this.#outbox.assertOpen();
    if (!this.mayLeave(message.sequence)) return;
    try {
      const removed = this.#store.remove([message]);
      await this.#outbox.inTime('the store could not remove the message', removed);
    } catch (error) {
      this.#gone.delete(message.sequence);
      throw error;
    }
    this.#outbox.subtract([message]);
  }
}
