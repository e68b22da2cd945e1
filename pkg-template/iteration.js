// The iterator for `for await`, which replaces the handler of one kind.
import { onAbort } from './signal.js';

/** Ends a call of `next`: there are no more items. */
export const done = (call) => call.resolve({ done: true, value: undefined });

/** The items of one kind, while a loop iterates over them. */
export class Iteration {
  /** The resolving functions of waiting calls of `next`. */
  #asking = [];
  /** The last item, to be acknowledged when the loop asks for the next one. */
  #deliveries = [];
  /** Ends calls of `next`, once there are no more items. */
  #ending;
  #shell;
  #handler;
  /** Stops listening to the signal. */
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

  /** Called when the loop ends early. */
  async return(value) {
    this.#conclude((core, delivery) => core.abandon(delivery));
    this.end();
    return { done: true, value };
  }

  /** Ends the iteration. */
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
