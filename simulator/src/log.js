/** The newest entries, oldest first. */
export class Log {
  #entries = [];
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  add(entry) {
    this.#entries.push(entry);
    if (this.#entries.length > this.#limit) this.#entries.shift();
  }

  get entries() {
    return this.#entries;
  }

  get newestFirst() {
    return [...this.#entries].reverse();
  }
}

const HISTORY = 240;
/** The page draws a chart for each. */
const MAX_PATHS = 8;

/** The numbers in the last bodies that a device sent from one template, for its charts. */
export class ValueHistory {
  #count = 0;
  #times = new Float64Array(HISTORY);
  /** Path → values; NaN for a body that lacked the value. */
  #paths = new Map();
  /** The paths for which there is no room. */
  #others = new Set();

  add(time, body) {
    const at = this.#count % HISTORY;
    this.#count += 1;
    this.#times[at] = time;
    for (const values of this.#paths.values()) values[at] = NaN;
    for (const [path, value] of numbersIn(body)) {
      if (!this.#paths.has(path) && this.#paths.size < MAX_PATHS) {
        this.#paths.set(path, new Float64Array(HISTORY).fill(NaN));
      }
      const values = this.#paths.get(path);
      if (values) values[at] = value;
      else this.#others.add(path);
    }
  }

  /** How many values have been sent that are not kept. */
  get omitted() {
    return this.#others.size;
  }

  /** Path → times in seconds and values, oldest first. */
  get values() {
    const places = Array.from({ length: HISTORY }, (_, index) => (this.#count + index) % HISTORY);
    return Object.fromEntries(
      [...this.#paths].map(([path, values]) => {
        const known = places.filter((at) => !Number.isNaN(values[at]));
        return [
          path,
          { time: known.map((at) => this.#times[at]), value: known.map((at) => values[at]) },
        ];
      }),
    );
  }
}

function* numbersIn(value, path = '') {
  if (typeof value === 'number') yield [path || 'value', value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield* numbersIn(member, path ? `${path}.${name}` : name);
  }
}
