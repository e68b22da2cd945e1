import assert from 'node:assert/strict';
import { test } from 'node:test';

import { meanOver, roundScale, stepsOf, timesOf } from '../../www/ui/scale.js';

const axis = (least, most, options) =>
  stepsOf(roundScale(least, most, { isFromZero: false, steps: 4, ...options }));

test('the axis of values has round steps around the values, as many as there is room for', () => {
  const axes = [
    [axis(18.3, 24.9), [18, 20, 22, 24, 26]],
    [axis(0.11, 0.29), [0.1, 0.15, 0.2, 0.25, 0.3]],
    [axis(0, 237, { isFromZero: true }), [0, 100, 200, 300]],
    [axis(-22, -17, { steps: 2 }), [-25, -20, -15]],
    [axis(0.7, 1.1), [0.7, 0.8, 0.9, 1, 1.1]],
    [axis(-1.7e308, 1.7e308), [-1e300, -5e299, 0, 5e299, 1e300]],
    [axis(980, 1020, { steps: 3 }), [980, 1000, 1020]],
  ];
  for (const [actual, expected] of axes) assert.deepEqual(actual, expected);
});

test('constant values have room on both sides, and there is an axis even without values', () => {
  assert.deepEqual(axis(20, 20), [18, 19, 20, 21, 22]);
  assert.deepEqual(axis(0, 0), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(axis(0, 0, { isFromZero: true, steps: 2 }), [0, 0.5, 1]);
  assert.deepEqual(axis(null, null), [0, 0.5, 1]);
});

test('every axis holds its values, in at most as many steps', () => {
  for (let exponent = -290; exponent <= 290; exponent += 10) {
    for (const [least, most] of [
      [1.01, 9.99],
      [-3, 7],
      [-5.5, -5.4],
    ]) {
      const unit = 10 ** exponent;
      const steps = axis(least * unit, most * unit);
      assert.ok(steps.length >= 2 && steps.length <= 5, `${exponent}: ${steps}`);
      const tolerance = 1e-9 * unit;
      assert.ok(steps[0] <= least * unit + tolerance, `${exponent}: ${steps}`);
      assert.ok(steps.at(-1) >= most * unit - tolerance, `${exponent}: ${steps}`);
    }
  }
});

test('three devices that send every two seconds draw a level line', () => {
  assert.deepEqual(meanOver(4, [0, 2, 1, 2, 1, 2, 1, 2]), [0, 1, 1, 1.25, 1.5, 1.5, 1.5, 1.5]);
});

test('the time axis shows each time once, even if its steps are shorter than a second', () => {
  const [first, again, next] = timesOf([1_700_000_000.2, 1_700_000_000.8, 1_700_000_001.4]);
  assert.match(first, /^\d\d:\d\d:\d\d$/);
  assert.equal(again, '');
  assert.ok(next > first, `${first} ${next}`);
});
