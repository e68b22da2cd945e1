/** The newest of what was added, oldest first. */
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
const MAX_PATHS = 8;

/** The numbers in the bodies that a device has sent, for its chart. */
export class ValueHistory {
  #paths = new Map();

  add(time, body) {
    for (const [path, value] of numbersIn(body)) {
      if (!this.#paths.has(path)) {
        if (this.#paths.size === MAX_PATHS) continue;
        this.#paths.set(path, { time: new Log(HISTORY), value: new Log(HISTORY) });
      }
      const history = this.#paths.get(path);
      history.time.add(time);
      history.value.add(value);
    }
  }

  /** Path → times in seconds and values. */
  get values() {
    return Object.fromEntries(
      [...this.#paths].map(([path, { time, value }]) => [
        path,
        { time: time.entries, value: value.entries },
      ]),
    );
  }
}

function* numbersIn(value, path = '') {
  if (typeof value === 'number') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield* numbersIn(member, path ? `${path}.${name}` : name);
  }
}
