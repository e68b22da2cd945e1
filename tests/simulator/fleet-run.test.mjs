/** A run of the command's fleet at a hub that is slow. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { FleetRun, MOST_CONNECTING } from '../../simulator/cli/fleet-run.js';
import { planDevices } from '../../simulator/src/plan.js';
import { createDevice } from '../node/support.mjs';
import { behaviourOf, sceneOf } from './scenes.mjs';

test('the ramp waits for a hub that does not answer', async (t) => {
  const sockets = new Set();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const endpoint = `ws://127.0.0.1:${silent.address().port}/$iothub/websocket`;
  const devices = MOST_CONNECTING + 100;
  const scene = sceneOf({ kind: behaviourOf() });
  const run = new FleetRun({
    scene,
    planned: planDevices(scene, { devices, perSecond: 1_000_000 }),
    identities: {
      identityOf: ({ deviceId }) => ({
        connectionString: `HostName=h.example;DeviceId=${deviceId};SharedAccessKey=c2VjcmV0`,
        endpoint,
      }),
    },
    recording: { add() {} },
  });
  const stopping = new AbortController();
  const states = [];
  const tell = (state) => {
    states.push(state);
    if (states.length === 2) stopping.abort();
  };
  await run.run({ signal: stopping.signal, tell });
  for (const { devices, waiting, connected } of states) {
    assert.deepEqual([devices, waiting, connected], [MOST_CONNECTING, 100, 0]);
  }
});

test('a device whose first connection fails tries again, and its failures are counted', async () => {
  const device = await createDevice();
  await device.setFaults({ dropAt: 'connect' });
  const scene = sceneOf({ kind: behaviourOf() });
  const run = new FleetRun({
    scene,
    planned: planDevices(scene, { devices: 1 }),
    identities: { identityOf: () => device },
    recording: { add() {} },
  });
  const stopping = new AbortController();
  const tell = ({ connected }) => connected === 1 && stopping.abort();
  const options = { durationMs: 30_000, signal: stopping.signal, tell };
  const { totals, measurements } = await run.run(options);
  assert.equal(totals.connected, 1);
  assert.deepEqual(Object.values(measurements.errors), [1]);
});
