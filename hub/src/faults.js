/** Faults other than withheld answers, none of them on. */
const NONE = Object.freeze({
  /** Return code that CONNECTs are refused with. */
  connack: undefined,
  /** Whether WebSocket upgrades are refused; of every device, as an upgrade names none. */
  refuseUpgrade: false,
  /** How many bytes a WebSocket frame to the device has at most. */
  frameSize: undefined,
  /** `{status, body}` that twin requests are answered with in place of being done. */
  twinAnswer: undefined,
  /** HTTP status of the file upload endpoints. */
  filesStatus: undefined,
  /** Whether the hub has no storage account for file uploads. */
  noStorage: undefined,
  /** By how many seconds the clock is ahead that tokens are checked with. */
  clock: undefined,
});

/** What a test wants to go wrong with one device or module, until it is cleared. */
export class Faults {
  #withheld = new Set();

  constructor() {
    Object.assign(this, NONE);
  }

  /** @param {Partial<typeof NONE> & {withhold?: string[], clear?: boolean}} changes
   *   `clear` goes first, the rest is added */
  change({ withhold = [], clear = false, ...changes }) {
    if (clear) {
      this.#withheld.clear();
      Object.assign(this, NONE);
    }
    for (const kind of withhold) this.#withheld.add(kind);
    Object.assign(this, changes);
  }

  /** Whether the hub keeps this kind of answer to itself. */
  withholds(kind) {
    return this.#withheld.has(kind);
  }

  toJSON() {
    return { withhold: [...this.#withheld], ...this };
  }
}
