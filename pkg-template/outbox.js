// Stores telemetry before it is sent. `Intake` stores, `Drain` sends; this file handles the life of
// the store, and which client owns it.
import { signalOf } from './arguments.js';
import { Aside } from './outbox-aside.js';
import { Calls, untilAborted } from './outbox-calls.js';
import { Drain } from './outbox-drain.js';
import { Intake } from './outbox-intake.js';
import { PATIENCE_MS, inTime, watched } from './outbox-patience.js';

/** @typedef {import('./outbox-types.js').StoredMessage} StoredMessage */

/** The outbox of one client. */
export class Outbox {
  /** How many messages the store holds, and how many bytes. */
  count = 0;
  bytes = 0;
  #store;
  #options;
  /** @type {import('./outbox-types.js').Port} */
  #port;
  /** @type {Intake} */
  #intake;
  /** @type {Drain} */
  #drain;
  /** @type {Aside} */
  #aside;
  /** @type {Calls} */
  #calls;
  #opening;
  #isOpen = false;
  #isClosed = false;
  /** The client that sends, if it is not this one. */
  #owner;
  /** Work to do once this client sends. */
  #onOwner = [];
  /** Calls from before the store was open. */
  #early = new Set();
  /** Changes of the store that are under way, except those of `Intake`. */
  #changes = new Set();

  /**
   * @param {import('./outbox-types.js').MessageStore} store
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
  async drained(options) {
    const signal = signalOf(options);
    const settled = this.#owned().then(() => {
      this.assertOpen();
      const drained = this.#calls.untilDrained(signal);
      this.#drain.resume();
      return drained;
    });
    return untilAborted(settled, signal);
  }

  /** The messages that were moved aside, oldest first. */
  async movedAside() {
    await this.opened();
    this.assertOpen();
    return this.#aside.list();
  }

  /** @param {import('./outbox-types.js').Port} port */
  attach(port) {
    if (this.#port) {
      throw new port.ClientError(
        'this store already belongs to another client; create one for each client',
      );
    }
    this.#port = port;
    this.#calls = new Calls(port);
    this.#intake = new Intake(this, port, this.#store, this.#options);
    this.#drain = new Drain(this, port, this.#store, this.#options);
    this.#aside = new Aside(this, port, this.#store, this.#options);
  }

  /** Counts messages in. */
  add(messages) {
    for (const { size } of messages) {
      this.count += 1;
      this.bytes += size;
    }
  }

  /** Counts messages out. */
  subtract(messages) {
    for (const { size } of messages) {
      this.count -= 1;
      this.bytes -= size;
    }
  }

  /** @throws ClientError after `close` */
  assertOpen() {
    if (this.#isClosed) throw this.#shutDown();
  }

  /** Opens the store, unless it is open. If that fails, the next call retries. */
  opened() {
    if (this.#isClosed && !this.#opening) return Promise.reject(this.#shutDown());
    this.#opening ??= this.#open();
    if (this.#isOpen) return this.#opening;
    return this.inTime('the store could not be opened', this.#opening);
  }

  /** Work that a user's call waits for: the error says what could not be done. */
  inTime(what, work) {
    return inTime(work, this.#port.operationTimeoutMs).catch((error) => {
      throw this.clientError(`${what}: ${error.message}`, error);
    });
  }

  /** Work that no user's call waits for: if the store does not respond, that is reported. */
  watched(what, work) {
    const complain = (error) => {
      if (!this.#isClosed) this.report(what, error);
    };
    return watched(work, this.#port.operationTimeoutMs, complain);
  }

  /**
   * Resolves if this client sends.
   * @param {AbortSignal} [signal]
   */
  owned(signal) {
    return untilAborted(this.#owned(), signal);
  }

  async #owned() {
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
    this.assertOpen();
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
        this.#intake.admit(call);
      } else {
        this.#early.add(call);
        this.opened().catch((error) => {
          // If it opens later, it does not get this message.
          this.#early.delete(call);
          reject(error);
        });
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
    await this.inTime('the store could not be closed', this.#close(removed));
  }

  async #close(removed) {
    await this.#opening.catch(() => {});
    await this.#intake.ended;
    this.interrupted(this.#cancelled('shutdown'));
    await removed;
    while (this.#changes.size > 0) await Promise.all(this.#changes);
    await this.#store.close();
  }

  /** The messages of these calls were stored just now. */
  stored(calls) {
    this.#calls.stored(calls);
    if (!this.isOwner || this.#isClosed) return;
    this.#drain.stored(calls.map(({ message }) => message));
    this.#drain.resume();
  }

  /** Whether the message may be dropped. */
  mayDrop(message) {
    const { sequence } = message;
    if (this.#aside.has(message)) return !this.#aside.isGone(sequence);
    return this.#drain.isWaiting(sequence);
  }

  /** The hub has it. */
  acknowledged(message) {
    this.#calls.acknowledged(message);
    this.subtract([message]);
  }

  /** The client failed to connect, or gave up. Messages stay stored, waiting calls reject. */
  interrupted(error) {
    const isHeard = this.#calls.rejectAll(error);
    const isNews = error.name !== 'OperationCancelled' && error.name !== 'NoConnectionError';
    if (isNews && !isHeard) this.#port.report(error);
  }

  /** Removes messages from the store that will not reach the hub. */
  drop(messages, why) {
    return this.#beforeClose(this.#drop(messages, why));
  }

  async #drop(messages, why) {
    for (const message of messages) {
      if (this.#aside.has(message)) this.#aside.mayLeave(message.sequence);
      else this.#drain.forget(message.sequence);
      this.#dropped(message, why);
      this.#calls.dropped(message, why);
    }
    this.subtract(messages);
    const what = 'the store could not remove messages that were dropped';
    await this.#persist(what, () => this.#store.remove(messages, why));
  }

  /** The hub refuses the message: it is moved to where it does not block others. */
  moveAside(message, cause, stored) {
    if (!this.#calls.refused(message, cause)) this.#port.report(cause);
    this.#dropped(message, 'refused', cause);
    const what = 'the store could not move a message aside';
    return this.#persist(what, async () => {
      if (!(await this.#aside.mark(message, cause, stored))) return;
      this.#persist(what, () => this.#store.remove([message], 'refused'));
    });
  }

  /** Retries until it succeeds, because the next process would send what is still there. */
  #persist(what, change) {
    const done = this.watched(what, change()).catch((error) => {
      this.report(what, error);
      setTimeout(() => {
        if (!this.#isClosed) this.#persist(what, change);
      }, PATIENCE_MS);
    });
    return this.#beforeClose(done);
  }

  /** A change after `close` would open the store again. */
  #beforeClose(change) {
    this.#changes.add(change);
    return change.finally(() => this.#changes.delete(change));
  }

  /** Settles the calls that wait until nothing is left to send. */
  checkDrained() {
    if (this.#calls.isAnyDraining && !this.#intake.isStoring && this.#drain.isEmpty) {
      this.#calls.drained();
    }
  }

  clientError(text, cause) {
    return new this.#port.ClientError(text, cause && { cause });
  }

  report(what, cause) {
    this.#port.report(this.clientError(`${what}: ${cause.message}`, cause));
  }

  async #open() {
    try {
      const { count, bytes, owner } = await this.#store.open({
        resource: this.#port.resource,
        owned: (totals) => this.#takeOver(totals),
        ownerChanged: (owner) => this.#ownerChanged(owner),
        appended: (count, bytes) => this.#appended(count, bytes),
        removed: (messages, why) => this.#removed(messages, why),
        lost: (error, totals) => this.#lost(error, totals),
      });
      this.#isOpen = true;
      this.#owner = owner;
      this.#setTotals({ count, bytes });
      for (const call of this.#early) this.#intake.admit(call);
      this.#early.clear();
      if (owner === undefined) this.#becomeOwner();
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #becomeOwner() {
    this.#owner = undefined;
    for (const callback of this.#onOwner.splice(0)) callback();
    if (!this.#isClosed) this.#drain.resume();
  }

  #takeOver(totals) {
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
    const what = 'the store could not be read';
    try {
      for (const sequence of this.#calls.sequences) {
        const [next] = await this.watched(what, this.#store.read(sequence - 1, 1));
        if (next?.sequence !== sequence) this.#calls.acknowledged({ sequence });
      }
    } catch (error) {
      this.report(what, error);
    }
  }

  #appended(count, bytes) {
    this.count += count;
    this.bytes += bytes;
    if (this.isOwner) this.#drain.fallBehind();
  }

  #removed(messages, why) {
    this.subtract(messages);
    for (const { sequence } of messages) {
      if (this.isOwner) this.#drain.forget(sequence);
      this.#calls.removed({ sequence }, why, this.#intake.isStoring);
    }
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
    this.add(this.#intake.messages);
  }

  #dropped(message, reason, cause) {
    this.#port.dropped({ message: this.#port.decode(message), reason, cause });
  }

  #shutDown() {
    const text = 'the client was shut down; create a new one';
    return this.clientError(text);
  }

  #cancelled(by) {
    const text = `cancelled by ${by}(); the message stays in the outbox`;
    return new this.#port.OperationCancelled(text);
  }
}
