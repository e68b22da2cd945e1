const SERIES_SECONDS = 300;
const RATE_SECONDS = 5;

/** How many in a second, over the last seconds that are whole. */
export class Rate {
  #counts = new Array(RATE_SECONDS + 1).fill(0);
  #second = 0;
  #since;

  add(now) {
    this.#since ??= Math.floor(now / 1000);
    this.#moveTo(now);
    this.#counts[this.#second % this.#counts.length] += 1;
  }

  perSecond(now) {
    if (this.#since === undefined) return 0;
    this.#moveTo(now);
    const whole = Math.min(RATE_SECONDS, this.#second - this.#since);
    if (whole === 0) return 0;
    const current = this.#second % this.#counts.length;
    const sum = this.#counts.reduce((total, count, at) => (at === current ? total : total + count));
    return sum / whole;
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
   * Ends the seconds that are over; to be called at least once in each.
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
