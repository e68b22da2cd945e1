// From the store to the hub: sends a window of the oldest messages, in order.
import { PATIENCE_MS } from './outbox-patience.js';

/** The maximum number of messages loaded: the core has no more in flight at a time. */
const WINDOW = 1024;
/** The maximum number of bytes loaded, which the last batch read may exceed. */
const WINDOW_BYTES = 8 * 1024 ** 2;
/** How many messages one read returns. */
const PORTION = 128;
/** How many acknowledged messages may still wait for their removal. */
const MOST_UNREMOVED = 4 * WINDOW;

const READ_FAILURE = 'the store could not be read';
const REMOVE_FAILURE = 'the store could not remove messages that the hub has';

/** @typedef {import('./outbox-types.js').StoredMessage} StoredMessage */

/** Sends the messages if this client owns the outbox. */
export class Drain {
  #outbox;
  #port;
  #store;
  #options;
  /** The oldest messages, in order. */
  #queue = [];
  #queueBytes = 0;
  /** How many of them, from the first, were passed to the client. */
  #sent = 0;
  /** The highest sequence that was ever in the queue. */
  #last = 0;
  /** Higher ones that were dropped, and may still be read before they are removed. */
  #forgotten = new Set();
  /** Whether the store may have newer messages than that. */
  #isBehind = true;
  #isLoading = false;
  /** Messages that the hub has acknowledged and that are still in the store. */
  #done = [];
  #removing = Promise.resolve();
  #isRemoving = false;
  #isConnected = false;
  /** Whether sending is paused until a call needs the hub. */
  #isPaused = true;
  #isStopped = false;
  /** Incremented each time the client returns all messages. */
  #generation = 0;
  /** Messages up to this sequence waited for the connection. */
  #backlogEnd = Infinity;
  /** When the next of those may be sent. */
  #due = 0;
  #timer;
  #isFillQueued = false;

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

  get oldest() {
    return this.#queue[0];
  }

  get isEmpty() {
    const isLoaded = !this.#isBehind && !this.#isLoading;
    return isLoaded && this.#queue.length === 0 && this.#done.length === 0;
  }

  /** A call needs the hub: the reason for the last failure may be gone. */
  resume() {
    this.#isPaused = false;
    this.#fillSoon();
  }

  /** Passes no more messages to the client, which returns those that it has. */
  pause() {
    this.#isPaused = true;
    this.#generation += 1;
    this.#sent = 0;
    clearTimeout(this.#timer);
  }

  /**
   * Stops for good. Resolves when the acknowledged messages are removed, if the store can remove
   * them.
   */
  stop() {
    this.pause();
    this.#isStopped = true;
    return this.#removing;
  }

  connectionChanged(isConnected) {
    this.#isConnected = isConnected;
    if (!isConnected) return;
    // When this returns, the client resends the messages that it has.
    for (const message of this.#queue.slice(0, this.#sent)) {
      if (this.#isExpired(message)) this.#expire(message);
    }
    this.#backlogEnd = Infinity;
    this.#due = performance.now();
    this.resume();
  }

  /** Adds messages that were just stored, in this order. */
  stored(messages) {
    if (this.#backlogEnd === Infinity) this.#backlogEnd = messages[0].sequence - 1;
    for (const message of messages) {
      // A gap after the last message means that some in between were not read yet.
      const isNext = message.sequence === this.#last + 1 && !this.#isBehind && !this.#isLoading;
      if (isNext && this.#hasRoom) this.#push(message);
      else this.#isBehind = true;
    }
    this.#fillSoon();
  }

  /** Another client has put messages into the store. */
  fallBehind() {
    this.#isBehind = true;
    this.#fillSoon();
  }

  /** The store was replaced by an empty one. */
  restart() {
    this.#last = 0;
    this.#forgotten.clear();
    this.fallBehind();
  }

  /** Returns whether the message still waits to be sent, to the drain's knowledge. */
  isWaiting(sequence) {
    if (sequence > this.#last) return !this.#forgotten.has(sequence);
    return this.#queue.some((message) => message.sequence === sequence);
  }

  /** Drops a message: if it was not sent yet, it is not sent. */
  forget(sequence) {
    const message = this.#queue.find((message) => message.sequence === sequence);
    if (message) this.#takeOut(message);
    else if (sequence > this.#last) this.#forgotten.add(sequence);
  }

  get #hasRoom() {
    return this.#queue.length < WINDOW && this.#queueBytes < WINDOW_BYTES;
  }

  #push(message) {
    this.#last = message.sequence;
    this.#queue.push(message);
    this.#queueBytes += message.size;
  }

  #takeOut(message) {
    const index = this.#queue.indexOf(message);
    if (index < 0) return false;
    this.#queue.splice(index, 1);
    this.#queueBytes -= message.size;
    if (index < this.#sent) {
      this.#sent -= 1;
      this.#port.withdraw(message.operation);
    }
    return true;
  }

  #fillSoon() {
    if (this.#isFillQueued) return;
    this.#isFillQueued = true;
    Promise.resolve().then(() => {
      this.#isFillQueued = false;
      this.#fill();
    });
  }

  #fillLater(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fill(), milliseconds);
  }

  /** Passes as many messages to the client as it can take. */
  #fill() {
    if (this.#isPaused || this.#isStopped) return;
    // The first makes the client connect.
    const window = this.#isConnected ? WINDOW : 1;
    while (this.#sent < Math.min(window, this.#queue.length)) {
      const message = this.#queue[this.#sent];
      if (this.#isExpired(message)) {
        this.#expire(message);
      } else if (this.#done.length > MOST_UNREMOVED || !this.#mayLeave(message)) {
        return;
      } else if (!this.#send(message)) {
        break;
      }
    }
    this.#load();
    this.#outbox.checkDrained();
  }

  /**
   * The rate limits only messages that waited for the connection: all devices of a hub may
   * reconnect at the same time.
   */
  #mayLeave({ sequence }) {
    if (!this.#isConnected || sequence > this.#backlogEnd) return true;
    const now = performance.now();
    if (now < this.#due) {
      this.#fillLater(this.#due - now);
      return false;
    }
    // Timers run late, by a second in hidden tabs.
    this.#due = Math.max(this.#due, now - 1000) + 1000 / this.#options.drainRate;
    return true;
  }

  /** Returns whether the client took it. */
  #send(message) {
    const generation = this.#generation;
    try {
      message.operation = this.#port.send(message, {
        resolve: () => this.#acknowledged(message),
        reject: (error, hasEndedConnections) =>
          this.#failed(message, error, hasEndedConnections, generation),
      });
      this.#sent += 1;
      return true;
    } catch (error) {
      if (error.name === 'NoConnectionError') {
        this.#interrupted(error);
      } else if (error.name === 'ClientError') {
        // Other calls have filled the client's queue.
        if (this.#sent === 0) this.#fillLater(PATIENCE_MS);
      } else {
        this.#refused(message, error);
        return true;
      }
      return false;
    }
  }

  #acknowledged(message) {
    const index = this.#queue.indexOf(message);
    // It was dropped in the meantime.
    if (index < 0) return;
    this.#queue.splice(index, 1);
    this.#queueBytes -= message.size;
    if (index < this.#sent) this.#sent -= 1;
    this.#done.push(message);
    this.#outbox.acknowledged(message);
    if (!this.#isRemoving) this.#removing = this.#removeDone();
    this.#fillSoon();
  }

  #failed(message, error, hasEndedConnections, generation) {
    if (!this.#queue.includes(message) || generation !== this.#generation) return;
    if (hasEndedConnections) this.#refused(message, error);
    // Then the client returns all others, too.
    else this.#interrupted(error);
  }

  #interrupted(error) {
    this.pause();
    this.#outbox.interrupted(error);
  }

  #refused(message, error) {
    const index = this.#queue.indexOf(message);
    this.#queue.splice(index, 1);
    this.#queueBytes -= message.size;
    if (index < this.#sent) this.#sent -= 1;
    this.#outbox.moveAside(message, error);
    this.#fillSoon();
  }

  #isExpired({ storedAt }) {
    return Date.now() - storedAt > this.#options.maxAgeMs;
  }

  #expire(message) {
    this.#takeOut(message);
    this.#outbox.drop([message], 'expired');
  }

  async #load() {
    if (!this.#isBehind || this.#isLoading || this.#queue.length > WINDOW - PORTION) return;
    if (!this.#hasRoom) return;
    this.#isLoading = true;
    this.#isBehind = false;
    try {
      const read = this.#store.read(this.#last, PORTION);
      const messages = await this.#outbox.watched(READ_FAILURE, read);
      for (const message of messages) {
        if (this.#isStopped) return;
        if (message.movedAside === undefined) await this.#take(message);
        this.#last = message.sequence;
        this.#forgotten.delete(message.sequence);
      }
      // The store may have more.
      if (messages.length > 0) this.#isBehind = true;
      this.#isLoading = false;
      this.#fillSoon();
    } catch (error) {
      this.#isBehind = true;
      this.#outbox.report(READ_FAILURE, error);
      setTimeout(() => {
        this.#isLoading = false;
        this.#fill();
      }, PATIENCE_MS);
    }
  }

  async #take(message) {
    const isGone = () => this.#isStopped || this.#forgotten.has(message.sequence);
    try {
      const body = await this.#options.decrypt(message.body);
      if (!isGone()) this.#push({ ...message, body });
    } catch (error) {
      if (!isGone()) this.#outbox.moveAside(message, error, message.body);
    }
  }

  async #removeDone() {
    this.#isRemoving = true;
    // Many messages are acknowledged in one turn of the event loop.
    await undefined;
    while (this.#done.length > 0) {
      const count = this.#done.length;
      try {
        const removed = this.#store.remove(this.#done.slice(0, count));
        await this.#outbox.watched(REMOVE_FAILURE, removed);
        this.#done.splice(0, count);
        this.#fillSoon();
      } catch (error) {
        if (this.#isStopped) break;
        this.#outbox.report(REMOVE_FAILURE, error);
        await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      }
    }
    this.#isRemoving = false;
  }
}
