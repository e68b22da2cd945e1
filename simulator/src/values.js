/**
 * The values of a device: what its messages, reports and events have in common, such as the charge
 * of a battery. Each changes in its own period, independent of the messages.
 */
import { readText } from './template.js';

/** The default period of a value, in milliseconds. */
const PERIOD_MS = 1000;

/**
 * Reads the values of a behaviour.
 * @param {NonNullable<import('./scene.js').Behaviour['values']>} values
 * @param {import('./names.js').Known} known
 * @param {(field: string, read: () => T) => T} within adds a field to the place of an error
 * @returns {(randomOf: (part: string) => () => number) => DeviceValues}
 * @template T
 */
export function readValues(values, known, within) {
  const all = values.map(({ name, start, next, periodMs = PERIOD_MS }, index) => {
    const read = (member, value, names) =>
      within(`values.${index}.${member}`, () => beginOf(value, { ...known, values: names }));
    // Without a start, there is no previous value that `next` could use.
    const names = known.values.filter((one) => start !== undefined || one !== name);
    return {
      name,
      periodMs,
      start: start === undefined ? undefined : read('start', start, []),
      next: next === undefined ? undefined : read('next', next, names),
    };
  });
  if (all.length === 0) return () => NO_VALUES;
  return (randomOf) =>
    new DeviceValues(
      all.map(({ name, periodMs, start, next }) => {
        const random = randomOf(`value/${name}`);
        return { name, periodMs, start: start?.(random), next: next?.(random) };
      }),
    );
}

/** A text may contain generators; anything else is used unchanged. */
const beginOf = (value, known) =>
  typeof value === 'string' ? readText(value, known) : () => () => value;

export class DeviceValues {
  #values;
  #current = new Map();
  #hasBegun = false;

  constructor(values) {
    this.#values = values;
  }

  /** The periods of all values. */
  get periods() {
    const going = this.#values.filter(({ next }) => next !== undefined);
    return new Set(going.map(({ periodMs }) => periodMs));
  }

  /** Creates the initial values, once. */
  begin(context) {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const { name, start } of this.#values) {
      if (start) this.#current.set(name, start(context));
    }
    for (const { name, start, next } of this.#values) {
      if (!start) this.#current.set(name, next(context));
    }
  }

  /** Changes the values with this period, in the order of the scene. */
  goOn(periodMs, context) {
    for (const value of this.#values) {
      if (value.next && value.periodMs === periodMs) {
        this.#current.set(value.name, value.next(context));
      }
    }
  }

  get(name) {
    return this.#current.get(name);
  }

  /** Sets some of them, from an object. */
  set(values) {
    for (const [name, value] of Object.entries(values)) this.#current.set(name, value);
  }
}

/** Many devices have none: they share these. */
const NO_VALUES = new DeviceValues([]);
