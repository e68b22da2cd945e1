/** Time that a test lets pass, for the outbox in front of a scripted client. */
import { mock } from 'node:test';

/** Resolves when nothing is left to do without time or the network. */
export const idle = () => new Promise((resolve) => setImmediate(resolve));

/** Replaces the clocks and timers of this process. */
export class VirtualClock {
  #now = 0;
  /** What the clock of the machine shows when `#now` is 0. */
  #start = 1_700_000_000_000;

  constructor() {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    // Not by `mock.method`, which records every call.
    const { now } = Date;
    Date.now = () => this.#start + this.#now;
    performance.now = () => this.#now;
    this.end = () => {
      mock.timers.reset();
      Date.now = now;
      delete performance.now;
    };
  }

  pass(milliseconds) {
    this.#now += milliseconds;
    mock.timers.tick(milliseconds);
  }

  /** The clock of the machine is set, and timers do not notice. */
  jump(milliseconds) {
    this.#start += milliseconds;
  }
}
