// Calls whose message is stored, and that wait for the hub.
import { onAbort } from './signal.js';

const REASONS = {
  expired: 'it was older than maxAge',
  full: 'newer messages replaced it, as whenFull allows',
  refused: 'three connections ended while it was being sent',
};

export class Calls {
  #ClientError;
  /** By the sequence of their message. */
  #waiting = new Map();
  /** Messages that another tab removed before this one knew that they were stored, and why. */
  #removedEarly = new Map();
  /** Calls that wait until nothing is left to send. */
  #draining = [];

  /** @param {import('./outbox-types.js').Port} port */
  constructor({ ClientError }) {
    this.#ClientError = ClientError;
  }

  /** The messages that calls wait for. */
  get sequences() {
    return [...this.#waiting.keys()];
  }

  /** The messages of these calls were stored. */
  stored(calls) {
    for (const call of calls) {
      const { sequence } = call.message;
      if (!call.awaitsHub) call.resolve();
      else if (!this.#removedEarly.has(sequence)) this.#waiting.set(sequence, call);
      else this.#end(call, this.#removedEarly.get(sequence));
    }
    this.#removedEarly.clear();
  }

  /** The hub has the message. */
  acknowledged(message) {
    this.#settle(message, (call) => call.resolve());
  }

  /** The message was dropped. */
  dropped(message, why) {
    this.#settle(message, (call) => this.#end(call, why));
  }

  /**
   * Another tab has removed the message: because the hub has it, unless there is a reason.
   * @param {boolean} isStoring whether the message may be one that is being stored
   */
  removed(message, why, isStoring) {
    const isTold = this.#settle(message, (call) => this.#end(call, why));
    if (!isTold && isStoring) this.#removedEarly.set(message.sequence, why);
  }

  /** Returns whether a call waited for the message. */
  refused(message, error) {
    return this.#settle(message, (call) => call.reject(error));
  }

  untilDrained(signal) {
    return new Promise((resolve, reject) => this.#draining.push({ signal, resolve, reject }));
  }

  get isAnyDraining() {
    return this.#draining.length > 0;
  }

  /** Nothing is left to send. */
  drained() {
    for (const call of this.#draining.splice(0)) call.resolve();
  }

  /** Returns whether a call still waits for the rejection: a call that was aborted does not. */
  rejectAll(error) {
    const calls = [...this.#waiting.values(), ...this.#draining.splice(0)];
    this.#waiting.clear();
    for (const call of calls) call.reject(error);
    return calls.some(({ signal }) => !signal?.aborted);
  }

  /** Removes the call that waits for a message. Returns whether there is one. */
  #settle({ sequence }, settle) {
    const call = this.#waiting.get(sequence);
    if (!call) return false;
    this.#waiting.delete(sequence);
    settle(call);
    return true;
  }

  /** Settles a call whose message was removed from the store. */
  #end(call, why) {
    if (why === undefined) return call.resolve();
    call.reject(new this.#ClientError(`the message was dropped from the outbox: ${REASONS[why]}`));
  }
}

/** Like `settled`, but rejects with the signal's reason if the signal is aborted first. */
export function untilAborted(settled, signal) {
  if (!signal) return settled;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const unlisten = onAbort(signal, abort);
    if (signal.aborted) abort();
    settled.then(resolve, reject).finally(unlisten);
  });
}
