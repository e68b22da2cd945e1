import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const hub = new TestHub({ devices: ['born', 'born-too'] });

const errorOf = ({ status, headers }) => [status, headers.get('iothub-errorcode')];

describe('the registry', () => {
  test('has the devices that the hub was started with', async () => {
    for (const deviceId of ['born', 'born-too']) {
      assert.equal((await hub.json('GET', `/devices/${deviceId}`)).deviceId, deviceId);
    }
  });

  test('creates a device with keys of its own', async () => {
    const { status, body } = await hub.call('PUT', '/devices/new?api-version=2021-04-12', {
      deviceId: 'new',
    });
    assert.equal(status, 200);
    assert.equal(body.deviceId, 'new');
    assert.equal(body.status, 'enabled');
    assert.equal(body.connectionState, 'Disconnected');
    assert.equal(body.authentication.type, 'sas');
    const { primaryKey, secondaryKey } = body.authentication.symmetricKey;
    for (const key of [primaryKey, secondaryKey]) {
      assert.equal(Buffer.from(key, 'base64').length, 32);
    }
    assert.deepEqual(await hub.json('GET', '/devices/new'), body);
    const client = await MqttClient.connect(hub, { deviceId: 'new', primaryKey });
    assert.equal((await hub.json('GET', '/devices/new')).connectionState, 'Connected');
    await client.end();
  });

  test('uses the given keys', async () => {
    const key = Buffer.from('a key of mine').toString('base64');
    await hub.json('PUT', '/devices/keyed', {
      authentication: { symmetricKey: { primaryKey: key, secondaryKey: key } },
    });
    const client = await MqttClient.connect(hub, { deviceId: 'keyed', primaryKey: key });
    await client.end();
  });

  test('refuses a device that exists with 409', async () => {
    await hub.json('PUT', '/devices/once', {});
    const again = await hub.call('PUT', '/devices/once', {});
    assert.deepEqual(errorOf(again), [409, 'DeviceAlreadyExists']);
    assert.equal(again.body.Message, 'ErrorCode:DeviceAlreadyExists;Conflict');
  });

  test('refuses a wrong name with 400', async () => {
    for (const name of ['a b', 'a/b', 'ü', 'x'.repeat(129)]) {
      const answer = await hub.call('PUT', `/devices/${encodeURIComponent(name)}`, {});
      assert.deepEqual(errorOf(answer), [400, 'ArgumentInvalid'], name);
    }
    const other = await hub.call('PUT', '/devices/this', { deviceId: 'that' });
    assert.deepEqual(errorOf(other), [400, 'ArgumentInvalid']);
  });

  test('updates with If-Match, keeping missing keys', async () => {
    const created = await hub.json('PUT', '/devices/updated', {});
    const update = (etag, body) => hub.call('PUT', '/devices/updated', body, { 'if-match': etag });
    const { body } = await update(`"${created.etag}"`, { statusReason: 'why not' });
    assert.equal(body.statusReason, 'why not');
    assert.deepEqual(body.authentication, created.authentication);
    const stale = await update(`"${created.etag}"`, {});
    assert.deepEqual(errorOf(stale), [412, 'PreconditionFailed']);
    const missing = await hub.call('PUT', '/devices/missing', {}, { 'if-match': '*' });
    assert.deepEqual(errorOf(missing), [404, 'DeviceNotFound']);
  });

  test('deletes a device and closes its connection', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const path = `/devices/${device.deviceId}`;
    const { status, body } = await hub.call('DELETE', path, undefined, {
      'if-match': '*',
      'content-type': 'application/json',
    });
    assert.equal(status, 204);
    assert.equal(body, undefined);
    await client.closed;
    assert.deepEqual(errorOf(await hub.call('GET', path)), [404, 'DeviceNotFound']);
  });

  test('closes the connection of a device that is disabled', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const disabled = { status: 'disabled' };
    await hub.call('PUT', `/devices/${device.deviceId}`, disabled, { 'if-match': '*' });
    await client.closed;
    await hub.logged(new RegExp(`^${device.deviceId}: closed, the device was disabled`));
  });
});

describe('the list of devices', () => {
  const listed = new TestHub({ devices: ['a', 'b', 'c'] });
  const idsOf = (devices) => devices.map(({ deviceId }) => deviceId);

  test('has all of them, as the registry shows each', async () => {
    const devices = await listed.json('GET', '/devices/');
    assert.deepEqual(idsOf(devices), ['a', 'b', 'c']);
    assert.deepEqual(devices[1], await listed.json('GET', '/devices/b'));
  });

  test('has as many as were requested', async () => {
    assert.deepEqual(idsOf(await listed.json('GET', '/devices?top=2')), ['a', 'b']);
    for (const top of ['0', 'x', '-1']) {
      assert.equal((await listed.call('GET', `/devices?top=${top}`)).status, 400, top);
    }
  });
});

describe('the statistics', () => {
  const counted = new TestHub({ devices: ['on', 'off', 'connected'] });

  test('count devices, enabled, disabled and connected ones', async () => {
    await counted.call('PUT', '/devices/off', { status: 'disabled' }, { 'if-match': '*' });
    const device = await counted.json('PUT', '/local/devices/connected');
    const client = await MqttClient.connect(counted, device);
    assert.deepEqual(await counted.json('GET', '/statistics/devices'), {
      totalDeviceCount: 3,
      enabledDeviceCount: 2,
      disabledDeviceCount: 1,
    });
    const connected = { connectedDeviceCount: 1 };
    assert.deepEqual(await counted.json('GET', '/statistics/service'), connected);
    await client.end();
  });
});

describe('the HTTP server', () => {
  test('answers an unknown path with 404 in the shape of the service', async () => {
    const answer = await hub.call('GET', '/nothing');
    assert.equal(answer.status, 404);
    assert.match(JSON.parse(answer.body.Message).message, /no GET \/nothing/);
  });

  test('says which content-type a body has to have', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await hub.call('PUT', '/devices/typed', {}, headers);
    assert.equal(answer.status, 400);
    assert.match(answer.body.ExceptionMessage, /content-type must be application\/json/);
  });

  test('answers a body that is not JSON with 400', async () => {
    const response = await fetch(`${hub.url}/twins/born?api-version=2021-04-12`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...hub.authorize() },
      body: '{',
    });
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('iothub-errorcode'), 'ArgumentInvalid');
  });
});

describe('a hub of another name', () => {
  const other = new TestHub({ hostname: 'localhost', devices: ['d'] });

  test('wants that name in user name and token', async () => {
    const { primaryKey, connectionString } = await other.json('PUT', '/local/devices/d');
    assert.match(connectionString, /^HostName=localhost;DeviceId=d;SharedAccessKey=/);
    const device = { deviceId: 'd', primaryKey };
    const client = await MqttClient.connect(other, device);
    await client.end();
    const resource = `${hub.hostname}/devices/d`;
    const password = sasToken({ resource, key: primaryKey });
    await assert.rejects(MqttClient.connect(other, device, { password }), { code: 5 });
  });
});
