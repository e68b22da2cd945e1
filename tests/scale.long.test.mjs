/** `npm run scale` on a small scale: the counts are right; costs are not tested. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitLine } from '../benches/scale/line.js';
import { ENVIRONMENTS, measure } from '../benches/scale/measure.js';
import { measureFleet } from '../benches/scale/simulator.js';

const DEVICES = 10;
/** Below the time limit of the file, so that the test that hangs is named. */
const timeout = 120_000;

for (const environment of Object.keys(ENVIRONMENTS)) {
  test(
    `${DEVICES} devices in ${environment} send, and the hub has every message`,
    { timeout },
    async () => {
      const cost = await measure({ environment, devices: DEVICES, seconds: 1 });
      assert.ok(cost.accepted >= DEVICES, `${cost.accepted} messages are acknowledged`);
      assert.equal(cost.atHub, cost.accepted);
      assert.equal(cost.lost, 0);
      assert.ok(Number.isFinite(cost.cpu) && cost.heap > 0, 'what they cost is measured');
    },
  );
}

test(
  `a fleet of ${DEVICES} sends, answers and comes back, and the hub has every message`,
  { timeout },
  async () => {
    const cost = await measureFleet({ devices: DEVICES, seconds: 1 });
    assert.ok(cost.acknowledged >= 2 * DEVICES, `${cost.acknowledged} messages are acknowledged`);
    assert.equal(cost.lost, 0);
    assert.ok(cost.atHub >= cost.acknowledged, `${cost.atHub} of ${cost.acknowledged} at the hub`);
    assert.deepEqual([cost.called, cost.answered], [DEVICES, DEVICES]);
    assert.ok(Number.isFinite(cost.cpu) && cost.resident > 0, 'what it costs is measured');
  },
);

test('a line through points that are on one fits them all', () => {
  const { slope, r2 } = fitLine([
    [100, 7],
    [250, 10],
    [1000, 25],
  ]);
  assert.ok(Math.abs(slope - 0.02) < 1e-9 && Math.abs(r2 - 1) < 1e-9, `${slope}, ${r2}`);
});

test('points on a line and other points are distinguished', () => {
  assert.equal(
    fitLine([
      [0, 0],
      [1, 1],
      [2, 0],
    ]).r2,
    0,
  );
});
