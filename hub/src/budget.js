/** Bounds what the logs of all devices keep together; over it, the oldest entry of any goes. */
export class Budget {
  #capacity;
  #logs = [];
  #sequences = [];
  #next = 0;

  /** @param {number} capacity how many entries */
  constructor(capacity) {
    this.#capacity = capacity;
  }

  /**
   * @param {import('./event-log.js').EventLog} log
   * @param {number} sequence of the entry that it keeps from now on
   */
  spend(log, sequence) {
    const index = this.#next;
    this.#logs[index]?.forget(this.#sequences[index]);
    this.#logs[index] = log;
    this.#sequences[index] = sequence;
    this.#next = (index + 1) % this.#capacity;
  }
}
