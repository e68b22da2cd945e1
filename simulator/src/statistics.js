const SERIES_SECONDS = 300;
const RATE_SECONDS = 5;

/** With fewer messages in that time, the rate would jump with each one. */
const ENOUGH = 20;

/** How many intervals the rate of rare messages is calculated from. */
const KEPT_TIMES = 16;

/** After this many milliseconds, and several times the usual interval, no more is expected. */
const SILENCE_MS = 10_000;

/** The rate per second: over the last complete seconds, or else by the intervals. */
export class Rate {
  #counts = new Array(RATE_SECONDS + 1).fill(0);
  #times = [];
  #second = 0;
  #since;

  add(now) {
    this.#since ??= Math.floor(now / 1000);
    this.#moveTo(now);
    this.#counts[this.#second % this.#counts.length] += 1;
    if (this.#isOver(now)) this.#times = [];
    this.#times.push(now);
    if (this.#times.length > KEPT_TIMES) this.#times.shift();
  }

  perSecond(now) {
    if (this.#since === undefined) return 0;
    this.#moveTo(now);
    const whole = Math.min(RATE_SECONDS, this.#second - this.#since);
    const current = this.#second % this.#counts.length;
    const sum = this.#counts.reduce(
      (total, count, at) => (at === current ? total : total + count),
      0,
    );
    return sum >= ENOUGH && whole > 0 ? sum / whole : this.#ofFew(now);
  }

  #ofFew(now) {
    const intervals = this.#times.length - 1;
    if (intervals < 1 || this.#isOver(now)) return 0;
    const span = this.#times.at(-1) - this.#times[0];
    const late = Math.max(0, now - this.#times.at(-1) - 2 * this.#usual());
    return (intervals * 1000) / Math.max(span + late, 1);
  }

  /** The usual interval, in milliseconds. */
  #usual() {
    return (this.#times.at(-1) - this.#times[0]) / (this.#times.length - 1);
  }

  #isOver(now) {
    if (this.#times.length < 2) return false;
    return now - this.#times.at(-1) > Math.max(SILENCE_MS, 3 * this.#usual());
  }

  #moveTo(now) {
    const second = Math.floor(now / 1000);
    const from = Math.max(this.#second + 1, second - RATE_SECONDS);
    for (let at = from; at <= second; at += 1) this.#counts[at % this.#counts.length] = 0;
    this.#second = second;
  }
}

/** Counts of the whole fleet, and the last five minutes of it, second by second. */
export class Statistics {
  sent = 0;
  acknowledged = 0;
  failed = 0;
  uploaded = 0;
  failedUploads = 0;
  #series = { time: [], sent: [], acknowledged: [], latencyP50: [], latencyP99: [] };
  #second;
  #before = { sent: 0, acknowledged: 0 };
  #rate = new Rate();
  #latencies = [];

  addSent() {
    this.sent += 1;
  }

  /**
   * @param {number} latency milliseconds from `sendMessage` to its acknowledgement
   * @param {number} now
   */
  addAcknowledged(latency, now) {
    this.acknowledged += 1;
    this.#rate.add(now);
    this.#latencies.push(latency);
  }

  addUploaded() {
    this.uploaded += 1;
  }

  addFailedUpload() {
    this.failedUploads += 1;
  }

  addFailed() {
    this.failed += 1;
  }

  /**
   * Ends the seconds that have passed. Call it at least once per second.
   * @returns {boolean} whether one was over
   */
  closeSeconds(now) {
    const current = Math.floor(now / 1000);
    const open = Math.max(this.#second ?? current, current - SERIES_SECONDS);
    for (this.#second = open; this.#second < current; this.#second += 1) this.#closeSecond();
    return open < current;
  }

  /** The last five minutes: one value in each list for each second; no latency is `null`. */
  series() {
    return structuredClone(this.#series);
  }

  /** Messages acknowledged in a second. */
  ratePerSecond(now) {
    return this.#rate.perSecond(now);
  }

  #closeSecond() {
    const { sent, acknowledged } = this;
    const latencies = this.#latencies.sort((one, other) => one - other);
    this.#push({
      time: this.#second,
      sent: sent - this.#before.sent,
      acknowledged: acknowledged - this.#before.acknowledged,
      latencyP50: percentile(latencies, 0.5),
      latencyP99: percentile(latencies, 0.99),
    });
    this.#before = { sent, acknowledged };
    this.#latencies = [];
  }

  #push(values) {
    for (const [name, value] of Object.entries(values)) {
      this.#series[name].push(value);
      if (this.#series[name].length > SERIES_SECONDS) this.#series[name].shift();
    }
  }
}

function percentile(sorted, part) {
  return sorted[Math.ceil(part * sorted.length) - 1] ?? null;
}
