/** What a test wants to go wrong with one device, until it is cleared. */
export class Faults {
  #withheld = new Set();
  /** Return code that the next CONNECTs are refused with. */
  connack = undefined;
  /** Whether WebSocket upgrades are refused; of every device, as an upgrade names none. */
  refuseUpgrade = false;

  /**
   * @param {{withhold?: string[], connack?: number, refuseUpgrade?: boolean, clear?: boolean}}
   *   changes `clear` goes first, the rest is added
   */
  change({ withhold = [], connack, refuseUpgrade, clear = false }) {
    if (clear) {
      this.#withheld.clear();
      this.connack = undefined;
      this.refuseUpgrade = false;
    }
    for (const kind of withhold) this.#withheld.add(kind);
    this.connack = connack ?? this.connack;
    this.refuseUpgrade = refuseUpgrade ?? this.refuseUpgrade;
  }

  /** Whether the hub keeps this kind of answer to itself. */
  withholds(kind) {
    return this.#withheld.has(kind);
  }

  toJSON() {
    return {
      withhold: [...this.#withheld],
      connack: this.connack,
      refuseUpgrade: this.refuseUpgrade,
    };
  }
}
