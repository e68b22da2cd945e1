/** Numbers, times and sizes as the page writes them. */

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

/** A measured value. */
export const measure = (number) =>
  number === null || number === undefined ? '–' : exact.format(number);

/** Messages in a second. */
export const rate = (number) => `${short.format(number)}/s`;

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
