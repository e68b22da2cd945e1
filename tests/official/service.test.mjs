/** A back end with Microsoft's service client: its results, and the state of the hub. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { MqttClient } from '../../hub/test/support/mqtt-client.js';
import { Driver } from './driver.mjs';
import { describeWithHub } from './support.mjs';

const API = 'api-version=2021-04-12';

const program = fileURLToPath(new URL('nodejs/service.mjs', import.meta.url));
const title = "Microsoft's service client for Node.js";

await describeWithHub(title, undefined, ({ hub, environment, test }) => {
  const driver = new Driver([process.execPath, program], environment);
  after(() => driver.end());
  const callOn =
    (client) =>
    (call, ...values) =>
      driver.call({ client, call, arguments: values });
  const own = callOn('own');
  const registry = callOn('registry');
  const client = callOn('client');

  /** What the hub itself knows about a device, twin or module. */
  const atHub = (path) => hub.json('GET', `/${path}?${API}`);
  const isGone = async (path) => (await hub.call('GET', `/${path}?${API}`)).status === 404;

  const connect = (name = 'iothubowner', { primaryKey } = hub.started.policies[name]) =>
    own('connect', `HostName=localhost;SharedAccessKeyName=${name};SharedAccessKey=${primaryKey}`);

  if (hub) before(() => connect());

  test('creates a device, which can connect', async (t) => {
    const created = await registry('create', { deviceId: 'created' });
    const { symmetricKey } = created.authentication;
    assert.equal(Buffer.from(symmetricKey.primaryKey, 'base64').length, 32);
    assert.notEqual(symmetricKey.secondaryKey, symmetricKey.primaryKey);
    assert.equal(created.status, 'enabled');
    assert.deepEqual(await atHub('devices/created'), created);

    const device = { deviceId: 'created', primaryKey: symmetricKey.primaryKey };
    const mqtt = await MqttClient.connect(hub, device);
    t.after(() => mqtt.end());
    assert.equal((await registry('get', 'created')).connectionState, 'Connected');
  });

  test('creates a device with the keys or thumbprints that it wants', async () => {
    const primaryKey = Buffer.alloc(32, 1).toString('base64');
    const secondaryKey = Buffer.alloc(32, 2).toString('base64');
    const symmetricKey = { primaryKey, secondaryKey };
    await registry('create', { deviceId: 'keys', authentication: { symmetricKey } });
    assert.deepEqual((await atHub('devices/keys')).authentication.symmetricKey, symmetricKey);

    const [primaryThumbprint, secondaryThumbprint] = ['A'.repeat(40), 'B'.repeat(40)];
    const x509Thumbprint = { primaryThumbprint, secondaryThumbprint };
    await registry('create', { deviceId: 'thumbprints', authentication: { x509Thumbprint } });
    const { authentication } = await atHub('devices/thumbprints');
    assert.equal(authentication.type, 'selfSigned');
    assert.deepEqual(authentication.x509Thumbprint, x509Thumbprint);
  });

  test('gets an error if a device exists already, or does not exist', async () => {
    const { deviceId } = await hub.createDevice();
    const name = 'DeviceAlreadyExistsError';
    await assert.rejects(registry('create', { deviceId }), { name, status: 409 });
    const unknown = { name: 'DeviceNotFoundError', status: 404 };
    await assert.rejects(registry('get', 'nobody'), unknown);
    await assert.rejects(registry('delete', 'nobody'), unknown);
    await assert.rejects(registry('getTwin', 'nobody'), unknown);
  });

  test('updates a device', async () => {
    const { deviceId } = await hub.createDevice();
    const device = await registry('get', deviceId);
    const change = { status: 'disabled', statusReason: 'lost' };
    const updated = await registry('update', { ...device, ...change });
    assert.notEqual(updated.etag, device.etag);
    const { status, statusReason, etag } = await atHub(`devices/${deviceId}`);
    assert.deepEqual({ status, statusReason, etag }, { ...change, etag: updated.etag });
  });

  test('deletes a device', async () => {
    const { deviceId } = await hub.createDevice();
    await registry('delete', deviceId);
    assert.ok(await isGone(`devices/${deviceId}`));
    assert.ok(await isGone(`twins/${deviceId}`));
  });

  test('lists devices', async () => {
    const devices = [await hub.createDevice(), await hub.createDevice()];
    const listed = await registry('list');
    for (const { deviceId } of devices) {
      const found = listed.find((device) => device.deviceId === deviceId);
      assert.deepEqual(found, await atHub(`devices/${deviceId}`));
    }
  });

  test('counts devices', async () => {
    const device = await hub.createDevice();
    const { totalDeviceCount, enabledDeviceCount, disabledDeviceCount } =
      await registry('getRegistryStatistics');
    const listed = await registry('list');
    assert.equal(totalDeviceCount, listed.length);
    assert.equal(enabledDeviceCount + disabledDeviceCount, totalDeviceCount);
    await registry('update', { deviceId: device.deviceId, status: 'disabled' });
    const after = await registry('getRegistryStatistics');
    assert.equal(after.disabledDeviceCount, disabledDeviceCount + 1);
  });

  test('creates, updates and deletes devices in bulk', async () => {
    const names = ['bulk1', 'bulk2', 'bulk3'];
    const devices = names.map((deviceId) => ({ deviceId }));
    assert.equal((await registry('addDevices', devices)).isSuccessful, true);
    for (const name of names) assert.equal((await atHub(`devices/${name}`)).status, 'enabled');

    const disabled = devices.map((device) => ({ ...device, status: 'disabled' }));
    assert.equal((await registry('updateDevices', disabled, true)).isSuccessful, true);
    for (const name of names) assert.equal((await atHub(`devices/${name}`)).status, 'disabled');

    assert.equal((await registry('removeDevices', devices, true)).isSuccessful, true);
    for (const name of names) assert.ok(await isGone(`devices/${name}`));
  });

  test('gets the devices of a bulk operation that failed', async () => {
    const { deviceId } = await hub.createDevice();
    const result = await registry('addDevices', [{ deviceId }, { deviceId: 'bulk4' }]);
    assert.equal(result.isSuccessful, false);
    assert.deepEqual(
      result.errors.map((error) => error.deviceId),
      [deviceId],
    );
    const { etag } = await atHub('devices/bulk4');

    const stale = [{ deviceId: 'bulk4', status: 'disabled', etag: 'c3RhbGU=' }];
    assert.equal((await registry('updateDevices', stale, false)).isSuccessful, false);
    assert.equal((await atHub('devices/bulk4')).status, 'enabled');
    const fresh = [{ deviceId: 'bulk4', status: 'disabled', etag }];
    assert.equal((await registry('updateDevices', fresh, false)).isSuccessful, true);
    assert.equal((await atHub('devices/bulk4')).status, 'disabled');
  });

  test('creates, updates, lists and deletes modules', async () => {
    const { deviceId } = await hub.createDevice();
    const created = await registry('addModule', { deviceId, moduleId: 'm1' });
    assert.deepEqual(await atHub(`devices/${deviceId}/modules/m1`), created);
    assert.deepEqual(await registry('getModulesOnDevice', deviceId), [created]);
    assert.deepEqual(await registry('getModule', deviceId, 'm1'), created);
    const again = registry('addModule', { deviceId, moduleId: 'm1' });
    await assert.rejects(again, { name: 'DeviceAlreadyExistsError', status: 409 });

    await registry('updateModule', { ...created, managedBy: 'somebody' });
    assert.equal((await atHub(`devices/${deviceId}/modules/m1`)).managedBy, 'somebody');
    const stale = registry('updateModule', created);
    await assert.rejects(stale, { name: 'InvalidEtagError', status: 412 });

    await registry('removeModule', deviceId, 'm1');
    assert.ok(await isGone(`devices/${deviceId}/modules/m1`));
  });

  test('patches a twin by its etag', async () => {
    const { deviceId } = await hub.createDevice();
    const twin = await registry('getTwin', deviceId);
    assert.deepEqual(twin.tags, {});
    const patch = { tags: { site: 'Köln' }, properties: { desired: { interval: 5 } } };
    const patched = await registry('updateTwin', deviceId, patch, twin.etag);
    assert.equal(patched.properties.desired.$version, 2);
    assert.notEqual(patched.etag, twin.etag);
    const { tags, etag, properties } = await atHub(`twins/${deviceId}`);
    assert.deepEqual([tags, etag, properties.desired.interval], [patch.tags, patched.etag, 5]);

    const stale = registry('updateTwin', deviceId, { tags: { site: null } }, twin.etag);
    await assert.rejects(stale, { name: 'InvalidEtagError', status: 412 });
    await registry('updateTwin', deviceId, { tags: { site: null, floor: 1 } }, '*');
    assert.deepEqual((await atHub(`twins/${deviceId}`)).tags, { floor: 1 });
  });

  test('patches the twin of a module', async () => {
    const { deviceId, moduleId } = await hub.createModule();
    const patch = { properties: { desired: { a: { b: 1 } } } };
    await registry('updateModuleTwin', deviceId, moduleId, patch, '*');
    const { properties } = await atHub(`twins/${deviceId}/modules/${moduleId}`);
    assert.equal(properties.desired.a.b, 1);
    const twin = await registry('getModuleTwin', deviceId, moduleId);
    assert.equal(twin.properties.desired.a.b, 1);
  });

  test('gets an error if a twin patch is refused', async () => {
    const { deviceId } = await hub.createDevice();
    const patch = { properties: { desired: { 'no.dots': 1 } } };
    const refused = registry('updateTwin', deviceId, patch, '*');
    await assert.rejects(refused, { name: 'ArgumentError', status: 400 });
    assert.equal((await atHub(`twins/${deviceId}`)).properties.desired.$version, 1);
  });

  test('queries twins, page by page', async () => {
    const names = [];
    for (const level of [1, 2, 3, 4]) {
      const { deviceId } = await hub.createDevice('query');
      names.push(deviceId);
      const patch = { tags: { group: 'queried' }, properties: { desired: { level } } };
      await registry('updateTwin', deviceId, patch, '*');
    }
    const from = "FROM devices WHERE tags.group = 'queried'";
    const pages = await own('query', `SELECT * ${from} AND properties.desired.level > 1`, 2);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [2, 1],
    );
    const found = pages.flat();
    assert.deepEqual(found.map(({ deviceId }) => deviceId).sort(), names.slice(1).sort());
    for (const twin of found) {
      const { etag, properties } = await atHub(`twins/${twin.deviceId}`);
      assert.equal(twin.etag, etag);
      assert.equal(twin.properties.desired.level, properties.desired.level);
    }

    const rows = await own('query', `SELECT deviceId ${from}`, undefined, 'next');
    assert.deepEqual(
      rows
        .flat()
        .map(({ deviceId }) => deviceId)
        .sort(),
      names.sort(),
    );
    await assert.rejects(own('query', 'SELECT nonsense'), { name: 'ArgumentError', status: 400 });
  });

  /** A device or module on a generic client, which responds to methods. */
  async function connectDevice(t, device, answer) {
    const mqtt = await MqttClient.connect(hub, device);
    t.after(() => mqtt.end());
    await mqtt.subscribe('$iothub/methods/POST/#');
    const answered = mqtt.next().then(({ topic, text }) => answer(mqtt, topic, JSON.parse(text)));
    return { mqtt, answered };
  }

  const requestOf = (topic) => /\$rid=.*$/.exec(topic)[0];

  /** Responds to a method with a status and the payload of the request. */
  const echo = (mqtt, topic, payload) =>
    mqtt.publish(`$iothub/methods/res/207/?${requestOf(topic)}`, JSON.stringify({ payload }));

  test('calls a direct method, and gets its result', async (t) => {
    const device = await hub.createDevice();
    await connectDevice(t, device, echo);
    const call = { methodName: 'do it/ü', payload: { a: [1, null, 'ü'] } };
    const result = await client('invokeDeviceMethod', device.deviceId, call);
    assert.deepEqual(result, { status: 207, payload: { payload: call.payload } });
    const [packet] = await hub.packets(device, 'type=publish&direction=out');
    assert.match(packet.topic, /^\$iothub\/methods\/POST\/do%20it%2F%C3%BC\/\?\$rid=/);
  });

  test('calls a direct method of a module', async (t) => {
    const module = await hub.createModule();
    await connectDevice(t, module, echo);
    const { deviceId, moduleId } = module;
    const result = await client('invokeDeviceMethod', deviceId, moduleId, { methodName: 'm' });
    assert.deepEqual(result, { status: 207, payload: { payload: null } });
  });

  test('gets an error if a device did not respond to a method in time', async (t) => {
    const device = await hub.createDevice();
    const { answered } = await connectDevice(t, device, () => {});
    // The client itself gives up after the sum of the two, which must not come first.
    const timeouts = { responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 10 };
    const call = client('invokeDeviceMethod', device.deviceId, { methodName: 'm', ...timeouts });
    await assert.rejects(call, { name: 'GatewayTimeoutError', status: 504 });
    await answered;
  });

  test('gets an error if a device is not online', async () => {
    const { deviceId } = await hub.createDevice();
    const call = client('invokeDeviceMethod', deviceId, { methodName: 'm' });
    await assert.rejects(call, { status: 404, code: 'DeviceNotOnline' });
    const { connections } = await hub.local({ deviceId }, 'GET', '');
    assert.equal(connections, 0);
  });

  test('waits for a device that is about to connect', async (t) => {
    const device = await hub.createDevice();
    const call = { methodName: 'm', payload: 1, connectTimeoutInSeconds: 20 };
    const result = client('invokeDeviceMethod', device.deviceId, call);
    await connectDevice(t, device, echo);
    assert.deepEqual(await result, { status: 207, payload: { payload: 1 } });
  });

  test('gets an error if the response of a device is not JSON', async (t) => {
    const device = await hub.createDevice();
    await connectDevice(t, device, (mqtt, topic) =>
      mqtt.publish(`$iothub/methods/res/200/?${requestOf(topic)}`, '{not json'),
    );
    const call = client('invokeDeviceMethod', device.deviceId, { methodName: 'm' });
    await assert.rejects(call, { name: 'BadDeviceResponseError', status: 502 });
  });

  test('is refused without a right key, or the right policy', async (t) => {
    t.after(() => connect());
    const refused = { name: 'UnauthorizedError', status: 401 };
    await connect('iothubowner', { primaryKey: Buffer.alloc(32).toString('base64') });
    await assert.rejects(registry('create', { deviceId: 'refused' }), refused);
    await connect('device');
    await assert.rejects(registry('create', { deviceId: 'refused' }), refused);
    assert.ok(await isGone('devices/refused'));
  });
});
