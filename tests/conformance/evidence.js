// Collects what a run has seen, to search it for secrets at the end.

const CONSOLE = ['debug', 'info', 'log', 'warn', 'error'];

/** Texts that look like a part of credentials. */
const SUSPICIOUS = /sig=[^&\s"'`]|SharedAccessKey=[^;\s"'`.]/;

/** Collects secrets, and everything that must not contain them. */
export class Evidence {
  #secrets = new Set();
  #seen = new Map();
  #lines = [];

  /** @param {(value: unknown) => string} inspect the most detailed text that the platform offers */
  constructor(inspect) {
    this.inspect = inspect;
    for (const name of CONSOLE) {
      const original = console[name];
      console[name] = (...values) => {
        this.#lines.push(values.map((value) => textOf(value, this.inspect)).join('\n'));
        this.onConsole(name, values);
        // The rows provoke errors without listeners: do not print them.
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

  /** Returns where a secret is visible; empty if nowhere. */
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

/** Everything that a user can read from a value. */
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

/** Own and inherited members, including hidden ones, a few levels deep. */
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
