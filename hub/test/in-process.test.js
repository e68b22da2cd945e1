import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BlobStore } from '../src/blob-store.js';
import { startHub } from '../src/index.js';
import { MemoryStore } from '../src/store.js';
import { MqttClient } from './support/mqtt-client.js';

async function start(t, options = {}) {
  const hub = await startHub({ devices: ['device1'], ...options });
  t.after(() => hub.close());
  return hub;
}

/** Connects the device with the key of its connection string. */
function connect(hub, index = 0, options = {}) {
  const { deviceId, moduleId, connectionString } = hub.devices[index];
  const [, primaryKey] = /;SharedAccessKey=(.+)$/.exec(connectionString);
  return MqttClient.connect(hub, { deviceId, moduleId, primaryKey }, options);
}

const publish = (client, text, bag = '') =>
  client.publish(`devices/device1/messages/events/${bag}`, text);

describe('sendMessage', () => {
  test('queues text, bytes and JSON for a device', async (t) => {
    const hub = await start(t);
    const client = await connect(hub);
    await client.subscribe('devices/device1/messages/devicebound/#', 1);
    for (const [body, expected] of [
      ['hello', 'hello'],
      [Uint8Array.of(104, 105), 'hi'],
      [{ on: true }, '{"on":true}'],
    ]) {
      const sent = await hub.sendMessage('device1', body, { messageId: 'm 1' });
      assert.equal(sent.messageId, 'm 1');
      const { topic, text } = await client.next();
      assert.equal(text, expected);
      assert.match(topic, /%24\.mid=m%201/);
    }
    await client.end();
  });

  test('accepts properties and ack, and an input only for a module', async (t) => {
    const hub = await start(t, { devices: [{ deviceId: 'device1', moduleId: 'm1' }] });
    const client = await connect(hub);
    await client.subscribe('devices/device1/modules/m1/#', 1);
    const module = { deviceId: 'device1', moduleId: 'm1' };
    await hub.sendMessage(module, '', { input: 'in1', properties: { room: 'kitchen' } });
    const { topic } = await client.next();
    assert.match(topic, /^devices\/device1\/modules\/m1\/inputs\/in1\/.*room=kitchen/);
    await assert.rejects(hub.sendMessage(module, ''), /needs an input/);
    await assert.rejects(hub.sendMessage('device1', '', { input: 'in1' }), /needs an input/);
    await client.end();
  });

  test('rejects unknown devices and options', async (t) => {
    const hub = await start(t);
    await assert.rejects(hub.sendMessage('nobody', ''), { code: 'DeviceNotFound', status: 404 });
    await assert.rejects(
      hub.sendMessage('device1', '', { messageID: 'x' }),
      /no option "messageID"/,
    );
  });
});

test('startHub rejects unknown options, and devices without an id', async () => {
  const expected = { name: 'HubError', code: 'ArgumentInvalid' };
  await assert.rejects(startHub({ device: ['d'] }), { ...expected, message: /no option "device"/ });
  await assert.rejects(startHub({ devices: [{ deviceID: 'd' }] }), {
    ...expected,
    message: /"undefined" is not a device id/,
  });
});

describe('invokeMethod', () => {
  test('returns the response of the device', async (t) => {
    const hub = await start(t);
    const client = await connect(hub);
    await client.subscribe('$iothub/methods/POST/#', 1);
    const pending = hub.invokeMethod('device1', 'blink', { times: 3 });
    const { topic, text } = await client.next();
    assert.deepEqual(JSON.parse(text), { times: 3 });
    const [, name, rid] = /POST\/(\w+)\/\?\$rid=(.+)$/.exec(topic);
    assert.equal(name, 'blink');
    await client.publish(`$iothub/methods/res/200/?$rid=${rid}`, '{"done":true}');
    assert.deepEqual(await pending, { status: 200, payload: { done: true } });
    await client.end();
  });

  test('rejects when the HTTP call would be refused', async (t) => {
    const hub = await start(t);
    const call = hub.invokeMethod('device1', 'blink', null, { connectTimeoutInSeconds: 0 });
    await assert.rejects(call, { code: 'DeviceNotOnline', status: 404 });
  });
});

describe('waitForTelemetry', () => {
  test('resolves with earlier and later messages', async (t) => {
    const hub = await start(t);
    const client = await connect(hub);
    await publish(client, '1', 'room=kitchen');
    const pending = hub.waitForTelemetry('device1', { count: 2 });
    await publish(client, '2');
    const [first, second] = await pending;
    assert.deepEqual([first.text, first.properties], ['1', { room: 'kitchen' }]);
    const later = hub.waitForTelemetry('device1', {
      after: second.sequence,
      matches: ({ text }) => text === '4',
    });
    for (const text of ['3', '4']) await publish(client, text);
    assert.deepEqual(
      (await later).map(({ text }) => text),
      ['4'],
    );
    await client.end();
  });

  test('rejects if too little has arrived in time', async (t) => {
    const hub = await start(t);
    const call = hub.waitForTelemetry('device1', { count: 2, timeout: 0.05 });
    await assert.rejects(call, /device1 sent only 0 of 2 expected messages within 0\.05 s/);
  });
});

describe('reset', () => {
  test('keeps the initial devices and their keys', async (t) => {
    const hub = await start(t, { settings: { maxSubscriptions: 7 } });
    const ask = async (path, options = {}) => {
      const headers = { authorization: hub.authorization(), 'content-type': 'application/json' };
      const response = await fetch(`${hub.url}${path}`, { ...options, headers });
      return response.status === 204 ? undefined : response.json();
    };
    const send = (method, path, body) => ask(path, { method, body: JSON.stringify(body) });
    const version = '?api-version=2021-04-12';
    const client = await connect(hub);
    await publish(client, 'before');
    await hub.sendMessage('device1', 'read by nobody', { ack: 'full' });
    await send('DELETE', `/devices/device1/commands${version}`, {});
    await hub.sendMessage('device1', 'waits');
    await send('PUT', '/local/devices/another');
    await send('PATCH', `/twins/device1${version}`, { properties: { desired: { a: 1 } } });
    await send('PATCH', '/local/hub/settings', { maxSubscriptions: 9 });
    await send('POST', '/local/hub/faults', { connack: 3 });
    await send('POST', '/local/devices/device1/faults', { twinStatus: 503 });

    await hub.reset();
    await client.closed;
    const devices = await ask(`/devices${version}`);
    assert.deepEqual(
      devices.map(({ deviceId }) => deviceId),
      ['device1'],
    );
    const state = await ask('/local/devices/device1');
    assert.deepEqual(state, {
      connected: false,
      connections: 0,
      subscriptions: [],
      pendingMessages: 0,
    });
    const { properties } = await ask(`/twins/device1${version}`);
    assert.equal(properties.desired.a, undefined);
    assert.equal((await ask('/local/hub/settings')).maxSubscriptions, 7);
    assert.equal(await ask(`/messages/serviceBound/feedback${version}`), undefined);

    const again = await connect(hub);
    await publish(again, 'after');
    const [message] = await hub.waitForTelemetry('device1');
    assert.deepEqual([message.sequence, message.text], [1, 'after']);
    await again.end();
  });

  test('keeps the initial enrollments and their keys', async (t) => {
    const hub = await start(t, { enrollmentGroups: ['group1'] });
    const [{ primaryKey }] = hub.enrollmentGroups;
    const call = (method, id, body) =>
      fetch(`${hub.url}/enrollmentGroups/${id}?api-version=2021-10-01`, {
        method,
        headers: { authorization: hub.authorization(), 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
    const attestation = { type: 'symmetricKey' };
    assert.equal((await call('PUT', 'group2', { attestation })).status, 200);
    assert.equal((await call('DELETE', 'group1')).status, 204);
    await hub.reset();
    assert.equal((await call('GET', 'group2')).status, 404);
    const kept = await (await call('POST', 'group1/attestationmechanism', {})).json();
    assert.equal(kept.symmetricKey.primaryKey, primaryKey);
  });

  test('survives a restart', async (t) => {
    const data = await mkdtemp(join(tmpdir(), 'iothub-local-'));
    t.after(() => rm(data, { recursive: true, force: true }));
    const devices = ['device1', { deviceId: 'off', status: 'disabled' }];
    const first = await startHub({ data, devices: [...devices, 'kept'] });
    const client = await connect(first);
    await publish(client, 'before');
    await first.close();
    await client.closed;

    const second = await startHub({ data, devices });
    await second.reset();
    const strings = second.devices.map(({ connectionString }) => connectionString);
    await second.close();

    const third = await startHub({ data, devices: ['device1', 'off'] });
    t.after(() => third.close());
    assert.deepEqual(
      third.devices.map(({ connectionString }) => connectionString),
      strings,
    );
    const list = `${third.url}/devices?api-version=2021-04-12`;
    const headers = { authorization: third.authorization() };
    const registered = await (await fetch(list, { headers })).json();
    assert.deepEqual(
      registered.map(({ deviceId, status }) => [deviceId, status]),
      [
        ['device1', 'enabled'],
        ['off', 'disabled'],
      ],
    );
    await assert.rejects(third.waitForTelemetry('device1', { timeout: 0 }), /0 of 1/);
  });
});

test('a cleared blob store has no blobs and no blocks', async () => {
  const blobs = await BlobStore.open(new MemoryStore());
  await blobs.put('whole', Buffer.from('x'));
  await blobs.putBlock('parts', 'a', Buffer.from('x'));
  blobs.clear();
  assert.equal(blobs.find('whole'), undefined);
  assert.equal(await blobs.putBlockList('parts', ['a']), undefined);
});
