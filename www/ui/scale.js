/** Scales of charts: what their axis of values shows, and means over time. */

import { timeOfDay } from './format.js';

/** Lengths of a step, before a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10];

/** 1.1 / 0.1 is a little more than 11. */
const NOISE = 1e-9;

/** Beyond this, the difference of two numbers may be infinite. */
const MOST = 1e300;

/**
 * The range of an axis, from a round number to a round number, and its step. Values that do not
 * change lie in the middle.
 * @param {number | null} least `null` if there are no values
 * @param {number | null} most
 * @param {{isFromZero: boolean, steps: number}} options `steps`: how many steps there is room for
 * @returns {{from: number, to: number, step: number}}
 */
export function roundScale(least, most, { isFromZero, steps }) {
  if (least === null || most === null) return { from: 0, to: 1, step: 1 / Math.min(steps, 2) };
  const [low, high] = spread(isFromZero ? 0 : within(least), within(most));
  let step = roundStep((high - low) / steps);
  const bounds = () => [Math.floor(low / step + NOISE), Math.ceil(high / step - NOISE)];
  // Rounding at both ends may take one step too many.
  while (bounds()[1] - bounds()[0] > steps) step = roundStep(step * 1.01);
  const [first, last] = bounds();
  return { from: first * step, to: last * step, step };
}

/** The places of the steps, without the noise of binary fractions. */
export function stepsOf({ from, to, step }) {
  const count = Math.round((to - from) / step);
  return Array.from({ length: count + 1 }, (_, index) =>
    Number((from + index * step).toPrecision(12)),
  );
}

/** The words at the places of an axis of time, in seconds: each time once. */
export const timesOf = (places) =>
  places
    .map((seconds) => timeOfDay(seconds * 1000))
    .map((words, at, all) => (words === all[at - 1] ? '' : words));

const within = (value) => Math.min(Math.max(value, -MOST), MOST);

/** A flat line has some room on both sides. */
function spread(low, high) {
  if (high > low) return [low, high];
  if (low === 0) return [0, 1];
  const room = Math.abs(low) * 0.1;
  return [low - room, low + room];
}

/** The smallest round step that is at least this long. */
export function roundStep(length) {
  const power = 10 ** Math.floor(Math.log10(length));
  const step = STEPS.find((part) => part * power >= length * (1 - NOISE)) ?? 10;
  return step * power;
}

/** The mean of each value and those before it, `length` of them. */
export function meanOver(length, values) {
  return values.map((_, at) => {
    const last = values.slice(Math.max(0, at + 1 - length), at + 1);
    return last.reduce((sum, value) => sum + value, 0) / last.length;
  });
}
