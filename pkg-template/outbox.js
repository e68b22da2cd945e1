// Stores telemetry before it is sent. This file handles calls and ownership; `Drain` sends.
import { signalOf } from './arguments.js';
import { Drain } from './outbox-drain.js';
import { onAbort } from './signal.js';

/** How many messages are stored at once. */
const BATCH = 512;
/** How many bytes are stored at once, unless one message alone is larger. */
const BATCH_BYTES = 4 * 1024 ** 2;

/**
 * A message for the hub, and when it was stored. `size` counts against `maxBytes`.
 * @typedef {object} StoredMessage
 * @property {number} sequence
 * @property {number} storedAt milliseconds since 1970
 * @property {number} size
 * @property {Uint8Array} body
 * @property {string} systemProperties as `encodeMessage` returns them
 * @property {string} customProperties
 * @property {string} [movedAside] why it is not sent to the hub
 */

/**
 * Stores the messages: see `MessageStore` in `index.d.ts`. The second argument of `remove`, and
 * `owner`, are for a store that several clients share.
 * @typedef {object} MessageStore
 * @property {(context: StoreContext) => Promise<{ count: number, bytes: number, owner?: string }>} open
 * @property {(messages: Omit<StoredMessage, 'sequence'>[]) => Promise<number[]>} append
 * @property {(after: number, count: number) => Promise<StoredMessage[]>} read
 * @property {(messages: { sequence: number, size: number }[], why?: string) => Promise<unknown>} remove
 * @property {() => Promise<unknown>} close
 */

/**
 * Callbacks with which a store reports what other clients do with the same messages.
 * @typedef {object} StoreContext
 * @property {string} resource the device or module at its hub
 * @property {(totals: { count: number, bytes: number }) => void} owned from now on this client
 *   sends
 * @property {(owner: string) => void} ownerChanged
 * @property {(count: number, bytes: number) => void} appended
 * @property {(messages: { sequence: number, size: number }[], why?: string) => void} removed
 * @property {(error: Error, totals: { count: number, bytes: number }) => void} lost the store
 *   starts again, empty
 */

/**
 * What the outbox needs from its client.
 * @typedef {object} Port
 * @property {string} resource
 * @property {(message: StoredMessage, pending: object) => number} send
 * @property {(operation: number) => void} withdraw
 * @property {(message: object) => void} check throws if the hub would refuse the message
 * @property {(message: object) => object} decode
 * @property {(dropped: object) => void} dropped
 * @property {(error: Error) => void} report
 * @property {ErrorConstructor} ClientError
 * @property {ErrorConstructor} NoConnectionError
 * @property {ErrorConstructor} OperationCancelled
 */

/** The outbox of one client. */
export class Outbox {
  /** How many messages the store holds, and how many bytes. */
  count = 0;
  bytes = 0;
  #store;
  #options;
  /** @type {Port} */
  #port;
  /** @type {Drain} */
  #drain;
  #opening;
  #isOpen = false;
  #isClosed = false;
  /** The client that sends, if it is not this one. */
  #owner;
  /** Work to do once this client sends. */
  #onOwner = [];
  /** Calls from before the store was open. */
  #early = [];
  /** Calls whose message is not stored yet. */
  #arrivals = [];
  /** The calls whose message is being stored. */
  #batch = [];
  #storing = Promise.resolve();
  #isStoring = false;
  /** Calls that wait for the hub's acknowledgement, by the sequence of their message. */
  #waiting = new Map();
  /** Messages that another tab removed before this one knew that they were stored, and why. */
  #removedEarly = new Map();
  /** Calls that wait until nothing is left to send. */
  #drainWaiters = [];
  /** Changes of the store that are under way, beside `#storing`. */
  #changes = new Set();
  /** Sequences: a message that was listed twice is counted once. */
  #discarded = new Set();

  /**
   * @param {MessageStore} store
   * @param {ReturnType<typeof import('./outbox-options.js').outboxOptions>} options
   */
  constructor(store, options) {
    this.#store = store;
    this.#options = options;
  }

  /** Whether this client sends. */
  get isOwner() {
    return this.#isOpen && this.#owner === undefined;
  }

  /** When the oldest waiting message was stored. */
  get oldest() {
    const oldest = this.#drain.oldest;
    return oldest && new Date(oldest.storedAt);
  }

  /**
   * Resolves when the hub has all waiting messages.
   * @param {{ signal?: AbortSignal }} [options]
   */
  drained(options) {
    const signal = signalOf(options);
    const settled = this.owned().then(
      () =>
        new Promise((resolve, reject) => {
          if (this.#isClosed) throw this.#shutDown();
          this.#drainWaiters.push({ signal, resolve, reject });
          this.#drain.resume();
        }),
    );
    return untilAborted(settled, signal);
  }

  /** The messages that were moved aside, oldest first. */
  async movedAside() {
    await this.opened();
    if (this.#isClosed) throw this.#shutDown();
    const found = [];
    let after = 0;
    for (;;) {
      const messages = await this.#store.read(after, BATCH);
      if (messages.length === 0) return found;
      after = messages.at(-1).sequence;
      for (const message of messages) {
        if (message.movedAside !== undefined) found.push(await this.#shown(message));
      }
    }
  }

  /** @param {Port} port */
  attach(port) {
    if (this.#port) {
      throw new port.ClientError(
        'this store belongs to another client already; make one for each client',
      );
    }
    this.#port = port;
    this.#drain = new Drain(this, port, this.#store, this.#options);
  }

  /** Opens the store, unless it is open. If that fails, the next call retries. */
  opened() {
    if (this.#isClosed && !this.#opening) return Promise.reject(this.#shutDown());
    return (this.#opening ??= this.#open());
  }

  /** Resolves if this client sends. */
  async owned() {
    await this.opened();
    if (this.#owner === undefined) return;
    throw new this.#port.NoConnectionError(
      `${this.#owner} has the outbox of this device, and only it connects; ` +
        'enqueue() and sendMessage() work here, too',
    );
  }

  /** Calls back as soon as this client sends. */
  whenOwner(callback) {
    if (this.isOwner) return callback();
    this.#onOwner.push(callback);
    this.opened().catch((error) => this.#port.report(error));
  }

  /**
   * Stores a message. Resolves when it is stored, or when the hub has acknowledged it.
   * @param {{ body: Uint8Array, systemProperties: string, customProperties: string }} encoded
   * @param {boolean} awaitsHub
   * @param {AbortSignal} [signal] ends the wait only, the message stays stored
   */
  put({ body, systemProperties, customProperties }, awaitsHub, signal) {
    signal?.throwIfAborted();
    if (this.#isClosed) throw this.#shutDown();
    this.#port.check({ body, systemProperties, customProperties });
    const size = body.length + systemProperties.length + customProperties.length;
    if (size > this.#options.maxBytes) {
      throw new RangeError(
        `the message has ${size} bytes, more than maxBytes, ${this.#options.maxBytes}`,
      );
    }
    const texts = { systemProperties, customProperties };
    const message = { storedAt: Date.now(), size, body: body.slice(), ...texts };
    const settled = new Promise((resolve, reject) => {
      const call = { message, awaitsHub, signal, resolve, reject };
      if (this.#isOpen) {
        this.#admit(call);
      } else {
        this.#early.push(call);
        // If the store does not open, the calls reject with its error.
        this.opened().catch(() => {});
      }
    });
    return untilAborted(settled, signal);
  }

  connectionChanged(isConnected) {
    this.#drain.connectionChanged(isConnected);
  }

  /** The user disconnects: nothing is sent until a call needs the hub. */
  suspend() {
    this.#drain.pause();
    this.interrupted(this.#cancelled('disconnect'));
  }

  /** The user shuts down: stores the messages of earlier calls, and closes the store. */
  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const removed = this.#drain.stop();
    this.interrupted(this.#cancelled('shutdown'));
    if (!this.#opening) return;
    await this.#opening.catch(() => {});
    await this.#storing;
    this.interrupted(this.#cancelled('shutdown'));
    await removed;
    await Promise.all(this.#changes);
    await this.#store.close();
  }

  /** The hub has it. */
  acknowledged(message) {
    this.#settle(message, (call) => call.resolve());
    this.#uncount([message]);
  }

  /** The client failed to connect, or gave up. Messages stay stored, waiting calls reject. */
  interrupted(error) {
    const calls = [...this.#waiting.values(), ...this.#drainWaiters.splice(0)];
    this.#waiting.clear();
    for (const call of calls) call.reject(error);
    const isNews = error.name !== 'OperationCancelled' && error.name !== 'NoConnectionError';
    // Nobody hears the rejection of a call that was aborted.
    const isHeard = calls.some(({ signal }) => !signal?.aborted);
    if (isNews && !isHeard) this.#port.report(error);
  }

  /** Removes messages from the store that will not reach the hub. */
  drop(messages, why) {
    return this.#beforeClose(this.#drop(messages, why));
  }

  async #drop(messages, why) {
    for (const message of messages) {
      this.#dropped(message, why);
      this.#settle(message, (call) => this.#end(call, why));
    }
    this.#uncount(messages);
    await this.#store.remove(messages, why).catch((error) => {
      this.report('the store could not remove messages that were dropped', error);
    });
  }

  /**
   * The hub refuses the message: it is marked and moved to the end of the store, where it blocks
   * nothing.
   * @param {StoredMessage} message
   * @param {Error} cause
   * @param {Uint8Array} [stored] its body as it is stored, if that cannot be read
   */
  moveAside(message, cause, stored) {
    return this.#beforeClose(this.#moveAside(message, cause, stored));
  }

  async #moveAside(message, cause, stored) {
    const isTold = this.#settle(message, (call) => call.reject(cause));
    if (!isTold) this.#port.report(cause);
    this.#dropped(message, 'refused', cause);
    try {
      const body = stored ?? (await this.#options.encrypt(message.body));
      const { storedAt, size, systemProperties, customProperties } = message;
      const kept = { storedAt, size, body, systemProperties, customProperties };
      await this.#store.append([{ ...kept, movedAside: cause.message }]);
      await this.#store.remove([message], 'refused');
    } catch (error) {
      this.report('the store could not move a message aside', error);
    }
  }

  /** A change after `close` would open the store again. */
  #beforeClose(change) {
    this.#changes.add(change);
    return change.finally(() => this.#changes.delete(change));
  }

  /** Settles the calls that wait until nothing is left to send. */
  checkDrained() {
    if (this.#drainWaiters.length === 0 || this.#isStoring || !this.#drain.isEmpty) return;
    for (const call of this.#drainWaiters.splice(0)) call.resolve();
  }

  report(what, cause) {
    this.#port.report(this.#clientError(`${what}: ${cause.message}`, cause));
  }

  async #open() {
    try {
      const { count, bytes, owner } = await this.#store.open({
        resource: this.#port.resource,
        owned: (totals) => this.#owned(totals),
        ownerChanged: (owner) => this.#ownerChanged(owner),
        appended: (count, bytes) => this.#appended(count, bytes),
        removed: (messages, why) => this.#removed(messages, why),
        lost: (error, totals) => this.#lost(error, totals),
      });
      this.#isOpen = true;
      this.#owner = owner;
      this.#setTotals({ count, bytes });
      for (const call of this.#early.splice(0)) this.#admit(call);
      if (owner === undefined) this.#becomeOwner();
    } catch (error) {
      this.#opening = undefined;
      const text = `the store could not be opened: ${error.message}`;
      const failure = this.#clientError(text, error);
      for (const call of this.#early.splice(0)) call.reject(failure);
      throw failure;
    }
  }

  #becomeOwner() {
    this.#owner = undefined;
    for (const callback of this.#onOwner.splice(0)) callback();
    if (!this.#isClosed) this.#drain.resume();
  }

  #owned(totals) {
    this.#setTotals(totals);
    this.#becomeOwner();
    this.#checkWaiting();
  }

  #ownerChanged(owner) {
    this.#owner = owner;
    this.#checkWaiting();
  }

  /** The last owner may have ended before it could report what the hub has acknowledged. */
  async #checkWaiting() {
    for (const sequence of [...this.#waiting.keys()]) {
      const [next] = await this.#store.read(sequence - 1, 1);
      if (next?.sequence !== sequence) this.#settle({ sequence }, (call) => call.resolve());
    }
  }

  #appended(count, bytes) {
    this.count += count;
    this.bytes += bytes;
    if (this.isOwner) this.#drain.fallBehind();
  }

  #removed(messages, why) {
    this.#uncount(messages);
    for (const { sequence } of messages) {
      if (this.isOwner) this.#drain.forget(sequence);
      const isTold = this.#settle({ sequence }, (call) => this.#end(call, why));
      if (!isTold && this.#isStoring) this.#removedEarly.set(sequence, why);
    }
  }

  /** Settles a call whose message was removed from the store. */
  #end(call, why) {
    if (why === undefined) return call.resolve();
    const text = `the message was dropped from the outbox: ${REASONS[why]}`;
    call.reject(this.#clientError(text));
  }

  /** Messages in memory are still sent. */
  #lost(error, totals) {
    this.#setTotals(totals);
    this.#drain.restart();
    this.#port.report(error);
  }

  #setTotals({ count, bytes }) {
    this.count = count;
    this.bytes = bytes;
    for (const { message } of [...this.#batch, ...this.#arrivals]) this.#count(message);
  }

  #count({ size }) {
    this.count += 1;
    this.bytes += size;
  }

  #uncount(messages) {
    for (const { size } of messages) {
      this.count -= 1;
      this.bytes -= size;
    }
  }

  #isOver(count, bytes) {
    return count > this.#options.maxMessages || bytes > this.#options.maxBytes;
  }

  #admit(call) {
    const { message } = call;
    const isFull = this.#isOver(this.count + 1, this.bytes + message.size);
    if (isFull && this.#options.whenFull === 'refuse') {
      const text =
        `the outbox is full: it holds ${this.count} messages and ${this.bytes} bytes; ` +
        'raise maxMessages or maxBytes, or set whenFull';
      return call.reject(this.#clientError(text));
    }
    this.#count(message);
    this.#arrivals.push(call);
    if (!this.#isStoring) this.#storing = this.#storeArrivals();
  }

  /** Stores messages batch by batch; those that arrive during one write form the next batch. */
  async #storeArrivals() {
    this.#isStoring = true;
    // Calls of one turn of the event loop are stored together.
    await undefined;
    while (this.#arrivals.length > 0) {
      this.#batch = this.#takeBatch();
      await this.#storeBatch(this.#batch);
      this.#batch = [];
    }
    this.#isStoring = false;
    this.checkDrained();
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
      this.#uncount(messages);
      const text = `the store could not take the message: ${error.message}`;
      const failure = this.#clientError(text, error);
      for (const call of calls) call.reject(failure);
      return;
    }
    for (const call of calls) {
      const { sequence } = call.message;
      if (!call.awaitsHub) call.resolve();
      else if (!this.#removedEarly.has(sequence)) this.#waiting.set(sequence, call);
      else this.#end(call, this.#removedEarly.get(sequence));
    }
    this.#removedEarly.clear();
    if (!this.isOwner || this.#isClosed) return;
    this.#drain.stored(messages);
    this.#drain.resume();
  }

  async #encrypted(message) {
    return { ...message, body: await this.#options.encrypt(message.body) };
  }

  /** Drops the oldest messages, if that is the policy. */
  async #makeRoom() {
    if (!this.#isOver(this.count, this.bytes)) return;
    let count = this.count - this.#arrivals.length;
    let bytes = this.#arrivals.reduce((sum, { message }) => sum - message.size, this.bytes);
    let after = 0;
    while (this.#isOver(count, bytes)) {
      const oldest = await this.#store.read(after, BATCH);
      if (oldest.length === 0) return;
      after = oldest.at(-1).sequence;
      const dropped = [];
      for (const message of oldest) {
        if (!this.#isOver(count, bytes)) break;
        if (message.movedAside !== undefined || !this.#drain.isWaiting(message.sequence)) continue;
        this.#drain.forget(message.sequence);
        dropped.push(await this.#decrypted(message));
        count -= 1;
        bytes -= message.size;
      }
      await this.drop(dropped, 'full');
    }
  }

  /**
   * Removes the call that waits for the acknowledgement of a message. Returns whether there is one.
   */
  #settle({ sequence }, settle) {
    const call = this.#waiting.get(sequence);
    if (!call) return false;
    this.#waiting.delete(sequence);
    settle(call);
    return true;
  }

  #dropped(message, reason, cause) {
    this.#port.dropped({ message: this.#port.decode(message), reason, cause });
  }

  /** For the user. A message that cannot be read is returned as it is stored. */
  async #decrypted(message) {
    const body = await this.#options.decrypt(message.body).catch(() => message.body);
    return { ...message, body };
  }

  async #shown(message) {
    return {
      message: this.#port.decode(await this.#decrypted(message)),
      storedAt: new Date(message.storedAt),
      reason: message.movedAside,
      discard: async () => {
        if (this.#isClosed) throw this.#shutDown();
        if (this.#discarded.has(message.sequence)) return;
        this.#discarded.add(message.sequence);
        try {
          await this.#store.remove([message]);
        } catch (error) {
          this.#discarded.delete(message.sequence);
          throw error;
        }
        this.#uncount([message]);
      },
    };
  }

  #clientError(text, cause) {
    return new this.#port.ClientError(text, cause && { cause });
  }

  #shutDown() {
    const text = 'the client was shut down; make a new one';
    return this.#clientError(text);
  }

  #cancelled(by) {
    const text = `cancelled by ${by}(); the message stays in the outbox`;
    return new this.#port.OperationCancelled(text);
  }
}

const REASONS = {
  expired: 'it was older than maxAge',
  full: 'newer ones needed its room, as whenFull says',
  refused: 'three connections have ended on it',
};

/** As `settled`, but rejects with the reason of the signal when that is aborted first. */
function untilAborted(settled, signal) {
  if (!signal) return settled;
  return new Promise((resolve, reject) => {
    const unlisten = onAbort(signal, () => reject(signal.reason));
    settled.then(resolve, reject).finally(unlisten);
  });
}
