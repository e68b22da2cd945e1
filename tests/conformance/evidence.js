// What a run has seen, to be searched for secrets at its end.

const CONSOLE = ['debug', 'info', 'log', 'warn', 'error'];

/** Whatever looks like a part of credentials, known or not. */
const SUSPICIOUS = /sig=[^&\s"'`]|SharedAccessKey=[^;\s"'`.]/;

/** Gathers secrets, and everything that must hold none. */
export class Evidence {
  #secrets = new Set();
  #seen = new Map();
  #lines = [];

  /** @param {(value: unknown) => string} inspect the fullest text that the platform gives */
  constructor(inspect) {
    this.inspect = inspect;
    for (const name of CONSOLE) {
      const original = console[name];
      console[name] = (...values) => {
        this.#lines.push(values.map((value) => textOf(value, this.inspect)).join('\n'));
        this.onConsole(name, values);
        // The rows provoke errors that nobody listens to: the terminal is spared them.
        if (name !== 'error') original.apply(console, values);
      };
    }
  }

  /** Called for each line of the console with its method and values. */
  onConsole = () => {};

  addSecret = (text) => {
    this.#secrets.add(text);
  };

  add(kind, value) {
    if (!this.#seen.has(kind)) this.#seen.set(kind, new Set());
    this.#seen.get(kind).add(value);
    return value;
  }

  count(kind) {
    return this.#seen.get(kind)?.size ?? 0;
  }

  get secretCount() {
    return this.#secrets.size;
  }

  /** Says where a secret shows; empty when none does. */
  leaks() {
    const found = this.#lines.filter((line) => this.holdsSecret(line)).map(() => 'the console');
    for (const [kind, values] of this.#seen) {
      for (const value of values) {
        if (this.holdsSecret(textOf(value, this.inspect))) found.push(kind);
      }
    }
    return found;
  }

  holdsSecret(text) {
    return SUSPICIOUS.test(text) || [...this.#secrets].some((secret) => text.includes(secret));
  }
}

/** All that can be read off a value by its user. */
export function textOf(value, inspect) {
  const parts = [attempt(() => String(value)), attempt(() => JSON.stringify(value))];
  for (let error = value; error instanceof Error; error = error.cause) {
    parts.push(
      `${error}`,
      error.stack,
      attempt(() => JSON.stringify({ ...error })),
    );
  }
  return [...parts, inspect(value), membersOf(value)].join('\n');
}

/** Own and inherited members, hidden ones too, a few levels down. */
function membersOf(value, depth = 4, seen = new Set()) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    return String(value);
  }
  const isBuiltIn = value === Object.prototype || value === Function.prototype;
  if (depth === 0 || seen.has(value) || isBuiltIn) return '';
  seen.add(value);
  const parts = [];
  for (let owner = value; owner; owner = Object.getPrototypeOf(owner)) {
    if (owner === Object.prototype || owner === Function.prototype) break;
    for (const name of Reflect.ownKeys(owner)) {
      const member = attempt(() => Reflect.get(owner, name, value));
      parts.push(`${String(name)}: ${membersOf(member, depth - 1, seen)}`);
    }
  }
  return parts.join('\n');
}

function attempt(read) {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}
