/**
 * What all kinds of faults have in common: they can be changed, and end after a time or when they
 * are cleared.
 */
class FaultSet {
  #none;
  #timers = new Set();

  /** Saves the current state as the one without faults; for the constructors below. */
  rememberNone() {
    this.#none = { ...this };
  }

  /**
   * With `clear`, first clears all faults. Then adds the others, which end after `forSeconds`, if
   * given.
   * @param {{clear?: boolean, forSeconds?: number, [fault: string]: unknown}} changes
   */
  change({ clear = false, forSeconds, ...changes }) {
    if (clear) this.#clear();
    const before = Object.fromEntries(Object.keys(changes).map((name) => [name, this[name]]));
    Object.assign(this, this.merge(changes));
    if (forSeconds !== undefined) this.#endLater(before, forSeconds);
  }

  /** Merges changes into faults that have several members. */
  merge(changes) {
    return changes;
  }

  /** The active faults. */
  toJSON() {
    return Object.fromEntries(
      Object.entries(this).filter(([name, value]) => value !== this.#none[name]),
    );
  }

  #clear() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    Object.assign(this, this.#none);
  }

  #endLater(before, seconds) {
    const now = Object.keys(before).map((name) => [name, this[name]]);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Faults that were changed since then stay.
      for (const [name, value] of now) if (this[name] === value) this[name] = before[name];
    }, seconds * 1000).unref();
    this.#timers.add(timer);
  }
}

/** The faults of one device's connections, to the hub or to the provisioning service. */
class ConnectionFaults extends FaultSet {
  /**
   * Kinds of responses that are not sent.
   * @type {string[]}
   */
  withhold = [];
  /**
   * Kind of response → its delay in milliseconds.
   * @type {Record<string, number>}
   */
  delay = {};
  /**
   * The connection is dropped when the step occurs for the `count`th time.
   * @type {{step: string, count: number, how: 'close' | 'reset'} | undefined}
   */
  dropAt = undefined;
  /**
   * Return code that CONNECTs are refused with.
   * @type {number | undefined}
   */
  connack = undefined;
  /**
   * The maximum number of bytes in a WebSocket frame to the device.
   * @type {number | undefined}
   */
  frameSize = undefined;
  /**
   * For how many milliseconds packets to the device are collected into one frame.
   * @type {number | undefined}
   */
  mergeFor = undefined;
  /**
   * Whether publishes to the device at QoS 1 are sent twice.
   * @type {boolean | undefined}
   */
  duplicate = undefined;
  /**
   * How many seconds the clock for checking tokens is ahead.
   * @type {number | undefined}
   */
  clock = undefined;
  /**
   * Kind of request → how many per second are not throttled.
   * @type {Record<string, number>}
   */
  rate = {};
  /** Kind → the current second, and the number of requests in it. */
  #counts = new Map();

  merge({ withhold, delay, rate, ...changes }) {
    return {
      ...changes,
      ...(withhold && { withhold: [...new Set([...this.withhold, ...withhold])] }),
      ...(delay && { delay: { ...this.delay, ...delay } }),
      ...(rate && { rate: { ...this.rate, ...rate } }),
    };
  }

  /** Returns how to drop the connection at this step, or nothing. */
  dropsAt(step) {
    const { dropAt } = this;
    if (!dropAt || dropAt.step !== step) return undefined;
    this.dropAt = dropAt.count > 1 ? { ...dropAt, count: dropAt.count - 1 } : undefined;
    return dropAt.count > 1 ? undefined : dropAt.how;
  }

  /** Counts a request of this kind. Returns whether there are too many in this second. */
  throttles(kind) {
    const limit = this.rate[kind];
    if (limit === undefined) return false;
    const now = Date.now();
    let count = this.#counts.get(kind);
    if (!count || now - count.since >= 1000) {
      count = { since: now, number: 0 };
      this.#counts.set(kind, count);
    }
    return ++count.number > limit;
  }
}

/** The injected faults of one device or module. */
export class Faults extends ConnectionFaults {
  /**
   * The response to twin requests, which are then not carried out.
   * @type {{status: number, body?: unknown} | undefined}
   */
  twinAnswer = undefined;
  /**
   * The HTTP status that direct method calls return, without reaching the device.
   * @type {number | undefined}
   */
  methodStatus = undefined;
  /**
   * HTTP status of the file upload endpoints.
   * @type {number | undefined}
   */
  filesStatus = undefined;
  /**
   * Whether the hub has no storage account for file uploads.
   * @type {boolean | undefined}
   */
  noStorage = undefined;
  /**
   * How many messages remain of the daily quota.
   * @type {number | undefined}
   */
  quota = undefined;

  constructor() {
    super();
    this.rememberNone();
  }

  /** Returns whether the daily quota is used up; if not, subtracts one message. */
  exceedsQuota() {
    if (this.quota === 0) return true;
    if (this.quota !== undefined) this.quota--;
    return false;
  }
}

/** The injected faults of one registration id. */
export class RegistrationFaults extends ConnectionFaults {
  /**
   * The response to requests to register, which are then not carried out.
   * @type {FaultyAnswer | undefined}
   */
  registerAnswer = undefined;
  /**
   * The response to polls, instead of the state of the operation.
   * @type {FaultyAnswer | undefined}
   */
  pollAnswer = undefined;
  /**
   * The status that registrations end with; with `assigning` they never finish.
   * @type {'assigning' | 'unassigned' | 'failed' | 'disabled' | undefined}
   */
  outcome = undefined;

  constructor() {
    super();
    this.rememberNone();
  }
}

/**
 * An injected response of the provisioning service; `retryAfter` is in seconds.
 * @typedef {{status: number, retryAfter?: number, body?: unknown}} FaultyAnswer
 */

/** The injected faults before the hub knows which device connects: they affect all devices. */
export class HubFaults extends FaultSet {
  /**
   * How WebSocket upgrades are refused.
   * @type {'http' | 'reset' | undefined}
   */
  refuseUpgrade = undefined;
  /**
   * Return code that CONNECTs are refused with.
   * @type {number | undefined}
   */
  connack = undefined;

  constructor() {
    super();
    this.rememberNone();
  }
}
