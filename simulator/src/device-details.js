import { Log, ValueHistory } from './log.js';
import { Rate } from './statistics.js';

const KEPT_ENTRIES = 100;

/** The details of one device, for display. They take memory, so only some fleets keep them. */
export class DeviceDetails {
  messages = new Log(KEPT_ENTRIES);
  invocations = new Log(KEPT_ENTRIES);
  uploads = new Log(KEPT_ENTRIES);
  errors = new Log(KEPT_ENTRIES);
  rate = new Rate();
  /** The last body of each message, by its name. */
  #last = new Map();
  #values = new ValueHistory();

  /** A message has been sent. */
  addSent(name, body, now) {
    this.#last.set(name, body);
    this.#values.add(now / 1000, body);
  }

  /** Values of earlier templates would leave no room for those that are sent from now on. */
  forgetSent() {
    this.#last.clear();
    this.#values = new ValueHistory();
  }

  /** The last body of each message, combined. */
  get last() {
    const bodies = [...this.#last.values()];
    if (bodies.length < 2) return bodies[0];
    // From entries, because an assignment to `__proto__` would be lost.
    const objects = bodies.filter((body) => typeof body === 'object');
    return Object.fromEntries(objects.flatMap((body) => Object.entries(body ?? {})));
  }

  /** The logs, and the values of the charts. */
  copy() {
    return {
      messages: this.messages.newestFirst,
      invocations: this.invocations.newestFirst,
      uploads: this.uploads.newestFirst,
      errors: this.errors.newestFirst,
      values: this.#values.values,
      omittedValues: this.#values.omitted,
    };
  }
}
