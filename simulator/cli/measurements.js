import { createRequire } from 'node:module';

// CommonJS, in which Node.js does not find the named exports.
const hdr = createRequire(import.meta.url)('hdr-histogram-js');

/**
 * The maximum number of points in the charts; in longer runs, every other point is dropped, and
 * later ones are half as frequent.
 */
const MOST_POINTS = 600;

/** Microseconds, up to an hour, to three digits. */
const newHistogram = () =>
  hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  });

/** The measurements of a run: how long acknowledgements took, what failed, and when. */
export class Measurements {
  #total = newHistogram();
  #since = newHistogram();
  #errors = new Map();
  #points = [];
  #everySeconds = 1;
  #before = { sent: 0, acknowledged: 0, second: 0 };

  addLatency(milliseconds) {
    const microseconds = Math.max(1, Math.round(milliseconds * 1000));
    this.#total.recordValue(microseconds);
    this.#since.recordValue(microseconds);
  }

  addError({ name }) {
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
  }

  /** Adds a point to the charts, if one is due. */
  addPoint(second, { connected, sent, acknowledged }) {
    const before = this.#before;
    const seconds = second - before.second;
    if (seconds < this.#everySeconds) return;
    this.#points.push({
      second,
      connected,
      sentPerSecond: (sent - before.sent) / seconds,
      acknowledgedPerSecond: (acknowledged - before.acknowledged) / seconds,
      latencyMs: summaryOf(this.#since),
    });
    this.#before = { sent, acknowledged, second };
    this.#since.reset();
    if (this.#points.length < MOST_POINTS) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 1);
    this.#everySeconds *= 2;
  }

  /** Percentiles of all acknowledged messages, in milliseconds. */
  get latencyMs() {
    return summaryOf(this.#total);
  }

  /** How many errors there were of each class. */
  get errors() {
    return Object.fromEntries([...this.#errors].sort());
  }

  get points() {
    return this.#points;
  }

  /** The histogram of all latencies, to be merged with those of other processes. */
  get encodedHistogram() {
    return hdr.encodeIntoCompressedBase64(this.#total);
  }
}

/** The histogram of `encodedHistogram`; `undefined` for any other text. */
export function readHistogram(text) {
  try {
    return hdr.decodeFromCompressedBase64(text);
  } catch {
    return undefined;
  }
}

/** The histogram of several processes, exactly as one process would have it. */
export function mergeHistograms(histograms) {
  const all = newHistogram();
  for (const histogram of histograms) all.add(histogram);
  return { latencyMs: summaryOf(all), encodedHistogram: hdr.encodeIntoCompressedBase64(all) };
}

function summaryOf(histogram) {
  if (histogram.totalCount === 0) return { p50: null, p95: null, p99: null, max: null };
  const at = (percent) => histogram.getValueAtPercentile(percent) / 1000;
  // Not the exact maximum, which a merged histogram does not have.
  return { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
