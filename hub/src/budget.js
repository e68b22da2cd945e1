const MB = 1024 * 1024;

/** How many entries and bytes the hub keeps for all devices together. */
export const newBudgets = () => ({
  packets: new Budget(200_000, 256 * MB),
  telemetry: new Budget(1_000_000, 512 * MB),
});

/**
 * Limits what the logs of all devices keep together. Above the limit, the oldest entry of any
 * device is dropped.
 */
export class Budget {
  #maxEntries;
  #maxBytes;
  /** Ring buffers with the log, the sequence number and the size of each entry. */
  #logs = [];
  #sequences = [];
  #sizes = [];
  #first = 0;
  #entries = 0;
  #bytes = 0;

  /**
   * @param {number} maxEntries
   * @param {number} maxBytes
   */
  constructor(maxEntries, maxBytes) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param {import('./event-log.js').EventLog} log
   * @param {number} sequence of the new entry
   * @param {number} size of the entry, in bytes
   */
  spend(log, sequence, size) {
    if (this.#entries === this.#maxEntries) this.#forgetOldest();
    const index = (this.#first + this.#entries) % this.#maxEntries;
    this.#logs[index] = log;
    this.#sequences[index] = sequence;
    this.#sizes[index] = size;
    this.#entries++;
    this.#bytes += size;
    while (this.#bytes > this.#maxBytes) this.#forgetOldest();
  }

  #forgetOldest() {
    const index = this.#first;
    this.#logs[index].forget(this.#sequences[index]);
    this.#logs[index] = undefined;
    this.#bytes -= this.#sizes[index];
    this.#first = (index + 1) % this.#maxEntries;
    this.#entries--;
  }
}
