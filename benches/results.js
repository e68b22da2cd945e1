/** The results of the rounds, and their medians. */
export class Results {
  #values = new Map();

  add(runtime, row, contender, metric, value) {
    const key = [runtime, row, contender, metric].join();
    if (!this.#values.has(key)) this.#values.set(key, []);
    this.#values.get(key).push(value);
  }

  /** `undefined` if nothing was measured. */
  summary(runtime, row, contender, metric) {
    const values = this.#values.get([runtime, row, contender, metric].join());
    return values && spread(values);
  }

  /** The ratio of two results, round by round; `undefined` if a round failed. */
  ratio(runtime, row, [contender, other], metric) {
    const [values, others] = [contender, other].map(
      (name) => this.#values.get([runtime, row, name, metric].join()) ?? [],
    );
    if (values.length === 0 || values.length !== others.length) return undefined;
    return spread(values.map((value, round) => value / others[round]));
  }

  /** For a file. */
  toJSON() {
    return [...this.#values].map(([key, values]) => {
      const [runtime, row, contender, metric] = key.split(',');
      return { runtime, row, contender, metric, values };
    });
  }
}

/** Median, minimum and maximum of some numbers. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
