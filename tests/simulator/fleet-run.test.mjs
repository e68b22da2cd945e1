/** A run of the command's fleet at a slow hub. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { FleetRun, MOST_CONNECTING } from '../../simulator/cli/fleet-run.js';
import { planDevices } from '../../simulator/src/plan.js';
import { behaviourOf, createDevice, sceneOf, sending } from './support.mjs';

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

test('a device whose first connection fails retries, and its failures are counted', async () => {
  const device = await createDevice();
  await device.setFaults({ dropAt: 'connect' });
  const scene = sceneOf({ kind: behaviourOf() });
  const run = new FleetRun({
    scene,
    planned: planDevices(scene, { devices: 1 }),
    identities: { identityOf: () => device },
  });
  const stopping = new AbortController();
  const tell = ({ connected }) => connected === 1 && stopping.abort();
  const options = { durationMs: 30_000, signal: stopping.signal, tell };
  const { totals, measurements } = await run.run(options);
  assert.equal(totals.connected, 1);
  assert.deepEqual(Object.values(measurements.errors), [1]);
});

test('devices in several threads send the same as in one, and are counted together', async () => {
  const devices = await Promise.all([1, 2, 3].map(createDevice));
  const scene = sceneOf({
    kind: behaviourOf(sending({ template: '{"x": "{{range 0 1000 3}}"}' })),
  });
  const record = async (threads) => {
    const recorded = new Map();
    const times = [];
    const run = new FleetRun({
      scene,
      planned: planDevices(scene, { devices: devices.length }),
      identities: {
        identityOf({ index }) {
          const { connectionString, endpoint } = devices[index];
          return { connectionString, endpoint };
        },
      },
      recording: {
        add(id, { text }, time) {
          times.push(time);
          if (!recorded.has(id)) recorded.set(id, text);
        },
      },
      threads,
    });
    const stopping = new AbortController();
    const tell = ({ sent }) => sent > 200 && stopping.abort();
    const { totals, measurements } = await run.run({ signal: stopping.signal, tell });
    const { connected, sent, lost } = totals;
    assert.deepEqual([connected, sent, lost], [devices.length, times.length, 0]);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    assert.ok(measurements.latencyMs.p50 > 0);
    assert.deepEqual(measurements.errors, {});
    return [...recorded].sort();
  };
  assert.deepEqual(await record(2), await record(1));
});

test('an error in a thread ends the run', async () => {
  const scene = sceneOf({ kind: behaviourOf() });
  const run = new FleetRun({
    scene,
    planned: planDevices(scene, { devices: 1 }),
    identities: { identityOf: () => ({ connectionString: 'none' }) },
    threads: 2,
  });
  const { signal } = new AbortController();
  await assert.rejects(run.run({ signal, tell() {} }), /device cannot be added/);
});
