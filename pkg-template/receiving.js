// The receive calls of the Python client, deprecated in favour of handlers. Whichever is used
// first, a receive call or a receive handler, excludes the other from then on.
import { ClientError } from './errors.js';

/** The longest delay of a timer. */
const MAX_DELAY = 2 ** 31 - 1;

/** The items for one kind of receive call, and the calls that wait for them. */
class Queue {
  items = [];
  /** Operations, with their timers. */
  waiting = new Map();
}

/** Whether a client uses receive calls, and what has arrived for them. */
export class Receiving {
  isByCalls = false;
  #isByHandlers = false;
  /** One queue for each feature or method name that was ever requested. */
  #queues = new Map();
  #shell;

  /** @param {import('./shell.js').Shell} shell */
  constructor(shell) {
    this.#shell = shell;
  }

  /** A receive handler is being set. */
  useHandlers(name) {
    if (this.isByCalls) throw excluded(name, 'receive calls');
    this.#isByHandlers = true;
  }

  /**
   * One receive call. It blocks for at most `timeout` seconds, or without limit if that is unset.
   */
  receive(feature, { methodName, block, timeout, signal }) {
    signal?.throwIfAborted();
    if (this.#isByHandlers) throw excluded('a receive call', 'handlers or iteration');
    this.isByCalls = true;
    const queue = this.#queue(feature, methodName);
    if (queue.items.length > 0) return queue.items.shift();
    return this.#shell.operation(
      (core) => {
        const operation = core.beginReceive(feature, block);
        if (block) this.#wait(queue, operation, timeout);
        return operation;
      },
      signal,
      queue,
    );
  }

  /** Takes a received item, if the client uses receive calls. Returns whether it did. */
  take(feature, item, methodName) {
    if (!this.isByCalls) return false;
    const queue = this.#queues.get(keyOf(feature, methodName)) ?? this.#queue(feature);
    const [operation] = queue.waiting.keys();
    if (operation === undefined) queue.items.push(item);
    else this.#endWait(queue, operation, item);
    return true;
  }

  /** A call that blocks has ended. */
  stopWaiting(queue, operation) {
    clearTimeout(queue.waiting.get(operation));
    queue.waiting.delete(operation);
  }

  /** A disconnect drops received items that were not taken. */
  forgetReceived() {
    if (this.#queues.get('desiredProperties')?.items.length) this.#shell.forgetProperties();
    for (const queue of this.#queues.values()) queue.items = [];
  }

  /** No call waits any more. */
  end() {
    for (const { waiting } of this.#queues.values()) waiting.forEach(clearTimeout);
  }

  #queue(feature, methodName) {
    const key = keyOf(feature, methodName);
    if (!this.#queues.has(key)) this.#queues.set(key, new Queue());
    return this.#queues.get(key);
  }

  #wait(queue, operation, timeout) {
    const end = () => this.#endWait(queue, operation);
    const limited = timeout !== undefined;
    const timer = limited ? setTimeout(end, Math.min(timeout * 1000, MAX_DELAY)) : undefined;
    queue.waiting.set(operation, timer);
  }

  #endWait(queue, operation, item) {
    this.stopWaiting(queue, operation);
    this.#shell.tell((core) => core.endReceive(operation));
    this.#shell.resolve(operation, item);
  }
}

const keyOf = (feature, methodName) =>
  methodName === undefined ? feature : `${feature} ${methodName}`;

/** The error of whichever came second, receive calls or receive handlers. */
function excluded(what, other) {
  return new ClientError(`${what} cannot be used on a client that receives by ${other}`);
}
