/** What a device does over time, at a hub: it really disconnects, and reconnects. */
import assert from 'node:assert/strict';

import { callHub } from '../../scripts/start/back-end.mjs';
import { behaviourOf, hub, only, sending, startDevice, test } from './support.mjs';

const method = { name: 'away', delayMs: 0, status: 200, payload: '"bye"' };

const after = (trigger, ...actions) => ({
  name: `${trigger.type} ${JSON.stringify(trigger)}`,
  trigger,
  actions,
});

const start = { type: 'time' };
const called = { type: 'method', method: 'away' };

const isAt = (state) => (news) => only(news)?.state === state;

test('a device answers a method, goes offline, and is back with nothing lost', async (t) => {
  const events = [after(called, { type: 'offline', forMs: 1000 })];
  const { backEnd, snapshots } = await startDevice(t, {
    ...sending({ periodMs: 50 }),
    methods: [method],
    events,
  });
  await snapshots.until((news) => only(news)?.acknowledged > 3);
  assert.deepEqual(await backEnd.invokeMethod('away'), { status: 200, payload: 'bye' });
  const { sent } = only(await snapshots.until(isAt('offline')));
  await backEnd.waitForPackets('disconnect', 'in', 1);
  const { acknowledged, failed } = only(
    await snapshots.until((news) => only(news)?.acknowledged > sent + 3),
  );
  assert.equal(failed, 0);
  const numbers = (await backEnd.telemetry()).map(({ text }) => JSON.parse(text).number);
  assert.deepEqual(
    numbers.slice(0, acknowledged),
    Array.from({ length: acknowledged }, (_, index) => index + 1),
  );
});

test('a device that is offline until an event stops, and starts again online', async (t) => {
  const { fleet, snapshots, backEnd } = await startDevice(t, {
    methods: [method],
    events: [after(called, { type: 'offline' })],
  });
  await backEnd.invokeMethod('away');
  await snapshots.until(isAt('offline'));
  await fleet.stop('all');
  await snapshots.until(isAt('stopped'));
  await fleet.start('all');
  await snapshots.until(isAt('connected'));
  await backEnd.invokeMethod('away');
  await snapshots.until(isAt('offline'));
  fleet.setBehaviour('kind', behaviourOf(sending({ template: '{"new": true}' })));
  await snapshots.until((news) => isAt('connected')(news) && only(news)?.acknowledged > 0);
});

test('a desired property is what messages and reports follow', async (t) => {
  const { backEnd, snapshots, details } = await startDevice(t, {
    ...sending({ template: '{"target": "{{= target}}"}' }),
    values: [{ name: 'target', start: 1 }],
    events: [
      after(
        { type: 'desired', property: 'target' },
        { type: 'set', values: { target: '{{= desired.target * 2}}' } },
        { type: 'report', properties: { doubled: '{{= target}}' } },
      ),
    ],
  });
  await snapshots.until((news) => only(news)?.last?.target === 1);
  await backEnd.patchDesired({ target: 21 });
  await snapshots.until((news) => only(news)?.last.target === 42);
  await details.until(({ twin }) => twin.reported.doubled === 42);
});

test('an upload is counted, also if it fails', async (t) => {
  const upload = (name) => after(start, { type: 'upload', name, bytes: 100_000 });
  const { fleet, backEnd, id, details } = await startDevice(t, {
    events: [upload('logs/{{deviceId}}.log')],
  });
  await details.until(({ uploads }) => uploads[0]?.state === 'done');
  const { uploads } = await callHub(hub, 'GET', `/local/devices/${id}/uploads`);
  assert.equal(uploads[0].blobName, `${id}/logs/${id}.log`);
  assert.equal((await (await fetch(uploads[0].blobUrl)).blob()).size, 100_000);
  await backEnd.setFaults({ noStorage: true });
  fleet.setBehaviour('kind', behaviourOf({ events: [upload('second')] }));
  await details.until((news) => news.uploads[0].state === 'failed' && news.errors.length > 0);
  const { uploaded, failedUploads } = fleet.totals();
  assert.deepEqual([uploaded, failedUploads], [1, 1]);
});
