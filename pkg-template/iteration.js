// What `for await` takes from a client: it stands in for the handler of one kind.
import { onAbort } from './signal.js';

/** Ends a call of `next`: there is no more. */
export const done = (call) => call.resolve({ done: true, value: undefined });

/** The items of one kind, as long as somebody iterates over them. */
export class Iteration {
  /** The calls of `next` that wait: the functions of their Promises. */
  #asking = [];
  /** What was given out and is to be acknowledged when the next item is asked for. */
  #deliveries = [];
  /** How calls of `next` end, once there is nothing more to give. */
  #ending;
  #shell;
  #handler;
  /** Listens to the signal no longer. */
  #unlisten;

  /**
   * @param {import('./shell.js').Shell} shell
   * @param {object} handler whose place it takes
   * @param {AbortSignal} [signal]
   */
  constructor(shell, handler, signal) {
    this.#shell = shell;
    this.#handler = handler;
    this.#unlisten = onAbort(signal, () => this.end((call) => call.reject(signal?.reason)));
  }

  /** Passes an item to the oldest waiting call. Returns whether more calls are waiting. */
  give({ argument, after }) {
    if (after?.delivery !== undefined) this.#deliveries.push(after.delivery);
    this.#asking.shift().resolve({ done: false, value: argument });
    return this.#asking.length > 0;
  }

  next() {
    this.#conclude((core, delivery) => core.acknowledge(delivery));
    return new Promise((resolve, reject) => {
      const call = { resolve, reject };
      if (this.#ending) {
        this.#ending(call);
      } else {
        this.#asking.push(call);
        this.#shell.handlers.demand(this.#handler);
      }
    });
  }

  /** What leaves the body of a loop calls this. */
  async return(value) {
    this.#conclude((core, delivery) => core.abandon(delivery));
    this.end();
    return { done: true, value };
  }

  /** Gives no item any more. */
  end(ending = done) {
    if (this.#ending) return;
    this.#ending = ending;
    this.#unlisten();
    this.#shell.handlers.endIteration(this.#handler, this);
    this.#asking.splice(0).forEach(ending);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #conclude(conclude) {
    for (const delivery of this.#deliveries.splice(0)) {
      this.#shell.tell((core) => conclude(core, delivery));
    }
  }
}
