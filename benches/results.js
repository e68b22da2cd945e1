/** What the rounds gave, and its medians. */
export class Results {
  #values = new Map();

  add(runtime, row, contender, metric, value) {
    const key = [runtime, row, contender, metric].join();
    if (!this.#values.has(key)) this.#values.set(key, []);
    this.#values.get(key).push(value);
  }

  /** `undefined` where nothing was measured. */
  summary(runtime, row, contender, metric) {
    const values = this.#values.get([runtime, row, contender, metric].join());
    return values && spread(values);
  }

  /** What one had for each of another, round by round; `undefined` where a round failed. */
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

/** Median, least and most of some numbers. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
