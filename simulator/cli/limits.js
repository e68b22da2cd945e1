/** Limits that a run may exceed: `--max-lost 0 --max-p99 500ms`. */
import { duration, wholeNumber } from './usage.js';

export const LIMIT_OPTIONS = {
  'max-lost': { type: 'string' },
  'max-errors': { type: 'string' },
  'max-p95': { type: 'string' },
  'max-p99': { type: 'string' },
};

/** Reads the limits; the result contains only those that were given. */
export function readLimits(values) {
  const limits = {
    lost: wholeNumber('--max-lost', values['max-lost']),
    errors: wholeNumber('--max-errors', values['max-errors']),
    p95: duration('--max-p95', values['max-p95']),
    p99: duration('--max-p99', values['max-p99']),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** Each limit with its measured value; without any message, a percentile exceeds its limit. */
export function checkLimits(limits, { totals, errors, latencyMs }) {
  const measured = {
    lost: totals.lost,
    errors: Object.values(errors).reduce((sum, count) => sum + count, 0),
    p95: latencyMs.p95,
    p99: latencyMs.p99,
  };
  return Object.entries(limits).map(([name, limit]) => {
    const value = measured[name];
    return { name, limit, value, isKept: value !== null && value <= limit };
  });
}
