/** What both kinds of faults do: they are changed, end after a time or when they are cleared. */
class FaultSet {
  #none;
  #timers = new Set();

  /** Remembers the present state as the one without faults; for the constructors below. */
  rememberNone() {
    this.#none = { ...this };
  }

  /**
   * Clears what was on with `clear`, then adds the rest; with `forSeconds` that ends by itself.
   * @param {{clear?: boolean, forSeconds?: number, [fault: string]: unknown}} changes
   */
  change({ clear = false, forSeconds, ...changes }) {
    if (clear) this.#clear();
    const before = Object.fromEntries(Object.keys(changes).map((name) => [name, this[name]]));
    Object.assign(this, this.merge(changes));
    if (forSeconds !== undefined) this.#endLater(before, forSeconds);
  }

  /** What changes make of faults that consist of several. */
  merge(changes) {
    return changes;
  }

  /** What is on. */
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
      // What was changed again since stays.
      for (const [name, value] of now) if (this[name] === value) this[name] = before[name];
    }, seconds * 1000).unref();
    this.#timers.add(timer);
  }
}

/** What goes wrong with the connections of one device, whatever these are for. */
class ConnectionFaults extends FaultSet {
  /**
   * Kinds of answers that are not sent.
   * @type {string[]}
   */
  withhold = [];
  /**
   * Kind of answer → by how many milliseconds it is late.
   * @type {Record<string, number>}
   */
  delay = {};
  /**
   * The connection is dropped when the step comes for the last time.
   * @type {{step: string, count: number, how: 'close' | 'reset'} | undefined}
   */
  dropAt = undefined;
  /**
   * Return code that CONNECTs are refused with.
   * @type {number | undefined}
   */
  connack = undefined;
  /**
   * How many bytes a WebSocket frame to the device has at most.
   * @type {number | undefined}
   */
  frameSize = undefined;
  /**
   * For how many milliseconds packets to the device are gathered into one frame.
   * @type {number | undefined}
   */
  mergeFor = undefined;
  /**
   * Whether publishes to the device at QoS 1 are sent twice.
   * @type {boolean | undefined}
   */
  duplicate = undefined;
  /**
   * By how many seconds the clock is ahead that tokens are checked with.
   * @type {number | undefined}
   */
  clock = undefined;
  /**
   * How many of them in a second are not throttled.
   * @type {Record<string, number>}
   */
  rate = {};
  /** Kind → the second that is counted in, and what was counted. */
  #counts = new Map();

  merge({ withhold, delay, rate, ...changes }) {
    return {
      ...changes,
      ...(withhold && { withhold: [...new Set([...this.withhold, ...withhold])] }),
      ...(delay && { delay: { ...this.delay, ...delay } }),
      ...(rate && { rate: { ...this.rate, ...rate } }),
    };
  }

  /** How the connection is dropped at this step, if it is. */
  dropsAt(step) {
    const { dropAt } = this;
    if (!dropAt || dropAt.step !== step) return undefined;
    this.dropAt = dropAt.count > 1 ? { ...dropAt, count: dropAt.count - 1 } : undefined;
    return dropAt.count > 1 ? undefined : dropAt.how;
  }

  /** Counts one more of this kind. Returns whether that is too many for one second. */
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

/** What a test wants to go wrong with one device or module. */
export class Faults extends ConnectionFaults {
  /**
   * What twin requests are answered with in place of being done.
   * @type {{status: number, body?: unknown} | undefined}
   */
  twinAnswer = undefined;
  /**
   * HTTP status of direct method calls, which the device does not get.
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
   * How many messages are left of the daily quota.
   * @type {number | undefined}
   */
  quota = undefined;

  constructor() {
    super();
    this.rememberNone();
  }

  /** Whether the daily quota is used up; if not, one message less is left of it. */
  exceedsQuota() {
    if (this.quota === 0) return true;
    if (this.quota !== undefined) this.quota--;
    return false;
  }
}

/** What a test wants to go wrong with one registration id. */
export class RegistrationFaults extends ConnectionFaults {
  /**
   * What requests to register are answered with in place of being done.
   * @type {FaultyAnswer | undefined}
   */
  registerAnswer = undefined;
  /**
   * What polls are answered with in place of the state of the operation.
   * @type {FaultyAnswer | undefined}
   */
  pollAnswer = undefined;
  /**
   * The status that registrations end with; with `assigning` they never end.
   * @type {'assigning' | 'unassigned' | 'failed' | 'disabled' | undefined}
   */
  outcome = undefined;

  constructor() {
    super();
    this.rememberNone();
  }
}

/**
 * An answer of the provisioning service that a test wants; `retryAfter` is in seconds.
 * @typedef {{status: number, retryAfter?: number, body?: unknown}} FaultyAnswer
 */

/** What a test wants to go wrong before it is known which device it is, so with all of them. */
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
