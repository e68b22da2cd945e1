/** Numbers, times and sizes as the page writes them. */
import { tooDeepAt } from '../../simulator/src/limits.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const exactClock = new Intl.DateTimeFormat('en-GB', {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  fractionalSecondDigits: 3,
});

/** A count. */
export const count = (number) => whole.format(number);

/**
 * A measured value. The digits of a very large one would fill the page, and a very small one would
 * have none left.
 */
export function measure(number, unit) {
  if (number === null || number === undefined) return '–';
  const size = Math.abs(number);
  const isPlain = size === 0 || (size >= 1e-3 && size < 1e9);
  const text = isPlain ? exact.format(number) : number.toExponential(2).replace('e+', 'e');
  return unit ? `${text} ${unit}` : text;
}

/** Messages per second, or per minute if that is easier to read. */
export function rate(perSecond) {
  if (perSecond > 0 && perSecond < 0.1) return `${short.format(perSecond * 60)}/min`;
  return `${short.format(perSecond)}/s`;
}

/** "1 device", "2 devices". */
export const counted = (number, noun) =>
  `${whole.format(number)} ${noun}${number === 1 ? '' : 's'}`;

/** The time of day of milliseconds since 1970. */
export const timeOfDay = (milliseconds) => clock.format(milliseconds);

/** The same to the millisecond. */
export const exactTime = (milliseconds) => exactClock.format(milliseconds);

/** A duration or latency. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return '–';
  if (milliseconds < 1000) return `${short.format(milliseconds)} ms`;
  return `${short.format(milliseconds / 1000)} s`;
}

/** A size in bytes. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${short.format(bytes / 1024)} KB`;
  return `${short.format(bytes / 1024 ** 2)} MB`;
}

/** JSON for people to read and edit. */
export const pretty = (value) => JSON.stringify(value, null, 2);

/** JSON with indents; any other text as it is, as is JSON that would be mostly indents. */
export function readable(text) {
  try {
    return tooDeepAt(text) < 0 ? pretty(JSON.parse(text)) : text;
  } catch {
    return text;
  }
}
