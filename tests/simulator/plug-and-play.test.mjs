/** Components, writable properties and model ids, at the hub. */
import assert from 'node:assert/strict';

import { callHub } from '../../scripts/start/back-end.mjs';
import { hub, sending, startDevice, test } from './support.mjs';

const target = { name: 'target', schema: { type: 'number', maximum: 90 } };

/** Waits for reported properties that meet a condition. */
async function reportedOf({ details }, condition) {
  const { twin } = await details.until(({ twin }) => condition(twin.reported));
  return twin.reported;
}

test('each message is sent in its own period, marked with its component', async (t) => {
  const { backEnd } = await startDevice(t, {
    telemetry: [
      { name: 'fast', isOn: true, periodMs: 20, template: '{"fast": "{{counter}}"}' },
      {
        name: 'slow',
        isOn: true,
        periodMs: 86_400_000,
        template: '{"rpm": 7}',
        component: 'motor',
      },
      { name: 'off', isOn: false, template: '{"off": 1}' },
    ],
  });
  const messages = await backEnd.waitForTelemetry(10);
  const slow = messages.filter(({ text }) => text === '{"rpm":7}');
  assert.equal(slow.length, 1);
  assert.equal(slow[0].systemProperties.componentName, 'motor');
  const fast = messages.filter(({ text }) => text.includes('fast'));
  assert.deepEqual(
    fast.map(({ text }) => JSON.parse(text).fast),
    fast.map((_, index) => index + 1),
  );
  assert.ok(fast.every(({ systemProperties }) => !systemProperties.componentName));
  assert.equal(fast.length + slow.length, messages.length);
});

test('the last values of all messages are shown together, by component', async (t) => {
  const { snapshots } = await startDevice(t, {
    telemetry: [
      { name: 'a', isOn: true, template: '{"a": 1}' },
      { name: 'b', isOn: true, template: '{"b": 2}', component: 'motor' },
    ],
  });
  const { devices } = await snapshots.until(({ devices: [device] }) => device.last?.motor);
  assert.deepEqual(devices[0].last, { a: 1, motor: { b: 2 } });
});

test('a writable property is acknowledged, refused, and marked as set by the device', async (t) => {
  const device = await startDevice(t, {
    twin: {
      reported: { target: 20, serial: 'x' },
      writable: [target, { name: 'speed', component: 'motor' }],
    },
  });
  const { backEnd } = device;
  const first = await reportedOf(device, ({ serial }) => serial);
  assert.deepEqual(first.target, { value: 20, ac: 203, av: 0, ad: 'set by the device' });

  await backEnd.patchDesired({ target: 50, motor: { __t: 'c', speed: 3 } });
  const accepted = await reportedOf(device, ({ target }) => target.ac === 200);
  assert.deepEqual(accepted.target, { value: 50, ac: 200, av: 2, ad: 'accepted' });
  const speed = { value: 3, ac: 200, av: 2, ad: 'accepted' };
  assert.deepEqual(accepted.motor, { __t: 'c', speed });

  await backEnd.patchDesired({ target: 91 });
  const refused = await reportedOf(device, ({ target }) => target.ac !== 200);
  const { ad, ...rest } = refused.target;
  assert.deepEqual(rest, { value: 50, ac: 400, av: 3 });
  assert.match(ad, /90/);
});

test('after another start only what has changed is acknowledged again', async (t) => {
  const device = await startDevice(t, {
    twin: { reported: { target: 20 }, writable: [target] },
  });
  const { backEnd, fleet, id } = device;
  await backEnd.patchDesired({ target: 50 });
  await reportedOf(device, ({ target }) => target?.ac === 200);
  await fleet.stop([id]);
  await backEnd.patchDesired({ other: 1 });
  const { $version } = (await backEnd.twin()).properties.reported;
  await fleet.start([id]);
  await fleet.getTwin(id);
  const { reported } = (await backEnd.twin()).properties;
  assert.equal(reported.$version, $version);
  assert.equal(reported.target.av, 2);
});

test('a request that does not fit the schema of its method is answered with 400', async (t) => {
  const { backEnd } = await startDevice(t, {
    methods: [
      {
        name: 'motor*start',
        delayMs: 0,
        status: 200,
        payload: '{"speed": "{{request.speed}}"}',
        request: { type: 'object', required: ['speed'] },
      },
    ],
  });
  const { status, payload } = await backEnd.invokeMethod('motor*start', { speed: 2 });
  assert.deepEqual([status, payload], [200, { speed: 2 }]);
  const refused = await backEnd.invokeMethod('motor*start', {});
  assert.equal(refused.status, 400);
  assert.match(refused.payload.message, /speed/);
});

test('a device announces the model of its kind', async (t) => {
  const modelId = 'dtmi:com:example:Pump;1';
  const { backEnd } = await startDevice(t, { ...sending(), modelId });
  await backEnd.waitForTelemetry(1);
  const path = `/twins/${backEnd.deviceId}?api-version=2021-04-12`;
  assert.equal((await callHub(hub, 'GET', path)).modelId, modelId);
});
