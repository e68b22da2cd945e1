/** `npm run simulate:soak` for some seconds, so that the long run keeps working. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runFleet } from './soak-run.mjs';

/** More devices than a browser opens sockets. */
const DEVICES = 260;

test('hundreds of devices in a hidden tab lose nothing and keep their pace', async () => {
  const lines = [];
  const figures = await runFleet({ devices: DEVICES, seconds: 8, say: (line) => lines.push(line) });
  const { sent, acknowledged, failed, atHub, lost, duplicates, perSecond, memory } = figures;
  assert.deepEqual({ acknowledged, atHub }, { acknowledged: sent, atHub: sent });
  assert.deepEqual({ failed, lost, duplicates }, { failed: 0, lost: 0, duplicates: 0 });
  // Messages at both ends of the eight seconds may be in or out.
  assert.ok(Math.abs(perSecond / DEVICES - 1) < 0.5, `${perSecond} a second`);
  assert.ok(memory.length > 2 && memory.every(({ heap }) => heap > 0));
  assert.ok(lines.length > 2);
  const drawn = lines.find((line) => line.startsWith('the visible page'));
  assert.match(drawn, /: [1-9]\d* frames, [\d.]+ ms apart .*, [\d.]+ ms \(p95\); \d+ tasks/);
});
