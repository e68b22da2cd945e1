import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();

const topicOf = ({ deviceId, moduleId }) => `devices/${deviceId}/modules/${moduleId}`;
const restOf = ({ deviceId, moduleId }) => `/${deviceId}/modules/${moduleId}`;

async function connectWithInputs() {
  const module = await hub.createModule();
  const client = await MqttClient.connect(hub, module);
  await client.subscribe(`${topicOf(module)}/inputs/#`);
  return { module, client };
}

describe('the registry', () => {
  test('creates, lists, updates and deletes modules of a device', async () => {
    const { deviceId } = await hub.createDevice();
    const path = `/devices/${deviceId}/modules/m1`;
    const created = await hub.json('PUT', path, { deviceId, moduleId: 'm1' });
    assert.equal(created.deviceId, deviceId);
    assert.equal(created.moduleId, 'm1');
    assert.equal(created.authentication.type, 'sas');
    assert.deepEqual(await hub.json('GET', path), created);
    assert.deepEqual(await hub.json('GET', `/devices/${deviceId}/modules`), [created]);
    const again = await hub.call('PUT', path, {});
    assert.equal(again.status, 409);
    assert.equal(again.headers.get('iothub-errorcode'), 'ModuleAlreadyExistsOnDevice');
    const update = { managedBy: 'somebody' };
    const updated = await hub.call('PUT', path, update, { 'if-match': '*' });
    assert.equal(updated.status, 200);
    assert.deepEqual([created.managedBy, updated.body.managedBy], ['', 'somebody']);
    assert.deepEqual(updated.body.authentication.symmetricKey, created.authentication.symmetricKey);
    assert.notEqual(updated.body.etag, created.etag);
    assert.equal((await hub.call('DELETE', path)).status, 204);
    const gone = await hub.call('GET', path);
    assert.equal(gone.status, 404);
    assert.match(gone.body.Message, /^ErrorCode:ModuleNotFound;/);
    assert.deepEqual(await hub.json('GET', `/devices/${deviceId}/modules`), []);
  });

  test('has no modules without a device or with an invalid name, and no more than 50', async () => {
    const orphan = await hub.call('PUT', '/devices/nobody/modules/m1', {});
    assert.equal(orphan.headers.get('iothub-errorcode'), 'DeviceNotFound');
    const { deviceId } = await hub.createDevice();
    assert.equal((await hub.call('PUT', `/devices/${deviceId}/modules/a%20b`, {})).status, 400);
    for (let number = 1; number <= 50; number++) {
      await hub.json('PUT', `/devices/${deviceId}/modules/m${number}`, {});
    }
    const { status, headers } = await hub.call('PUT', `/devices/${deviceId}/modules/m51`, {});
    assert.equal(status, 413);
    assert.equal(headers.get('iothub-errorcode'), 'TooManyModulesOnDevice');
  });

  test('closes the connections of modules whose device is disabled or deleted', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const module = await hub.createModule();
      const client = await MqttClient.connect(hub, module);
      const body = method === 'PUT' ? { status: 'disabled' } : undefined;
      await hub.call(method, `/devices/${module.deviceId}`, body, { 'if-match': '*' });
      await client.closed;
      await assert.rejects(MqttClient.connect(hub, module), /Not authorized/);
    }
  });
});

describe('PUT /local/devices/{device}/modules/{module}', () => {
  test('creates both and returns what a client needs', async () => {
    const first = await hub.json('PUT', '/local/devices/made/modules/m');
    assert.deepEqual(first, {
      deviceId: 'made',
      moduleId: 'm',
      primaryKey: first.primaryKey,
      connectionString: `HostName=${hub.hostname};DeviceId=made;ModuleId=m;SharedAccessKey=${first.primaryKey}`,
      endpoint: hub.endpoint,
    });
    assert.deepEqual(await hub.json('PUT', '/local/devices/made/modules/m'), first);
    const device = await hub.json('PUT', '/local/devices/made');
    assert.notEqual(device.primaryKey, first.primaryKey);
  });
});

describe('CONNECT of a module', () => {
  test('is independent of that of its device', async () => {
    const module = await hub.createModule();
    const device = await hub.json('PUT', `/local/devices/${module.deviceId}`);
    const moduleClient = await MqttClient.connect(hub, module);
    const deviceClient = await MqttClient.connect(hub, device);
    assert.equal((await hub.local(module, 'GET', '')).connected, true);
    assert.equal((await hub.local(device, 'GET', '')).connected, true);
    await hub.local(device, 'POST', '/disconnect');
    await deviceClient.closed;
    assert.equal((await hub.local(module, 'GET', '')).connected, true);
    await moduleClient.end();
  });

  test('is refused with a token of its device, or with the key of the device', async () => {
    const module = await hub.createModule();
    const { primaryKey } = await hub.json('PUT', `/local/devices/${module.deviceId}`);
    const deviceResource = resourceOf(hub, { deviceId: module.deviceId });
    for (const [token, reason] of [
      [{ resource: deviceResource, key: module.primaryKey }, /a resource other than/],
      [{ resource: deviceResource, key: primaryKey }, /a resource other than/],
      [{ resource: resourceOf(hub, module), key: primaryKey }, /signature/],
    ]) {
      const client = await RawClient.connect(hub, module, { password: sasToken(token) });
      assert.equal(client.connack.returnCode, 5);
      await client.closed;
      await hub.logged(new RegExp(`^${module.deviceId}/m1: closed, refused.*${reason.source}`));
    }
  });

  test('may use the token of a policy', async () => {
    const module = await hub.createModule();
    const { primaryKey: key } = hub.started.policies.device;
    const resource = `${resourceOf(hub, { deviceId: module.deviceId })}/modules`;
    const password = sasToken({ resource, key, policy: 'device' });
    const client = await MqttClient.connect(hub, module, { password });
    await client.end();
  });

  test('is refused when the client id is the device, or only the module', async () => {
    const module = await hub.createModule();
    for (const clientId of [module.deviceId, module.moduleId]) {
      const client = await RawClient.connect(hub, module, { clientId });
      assert.equal(client.connack.returnCode, 5);
      await client.closed;
    }
  });
});

describe('a module', () => {
  test('sends to outputs, which the telemetry of the device does not show', async () => {
    const module = await hub.createModule();
    const client = await MqttClient.connect(hub, module);
    await client.publish(`${topicOf(module)}/messages/events/%24.on=out&%24.mid=1&a=b/`, 'x');
    const [message] = await hub.telemetry(module);
    assert.equal(message.text, 'x');
    assert.deepEqual(message.systemProperties, { outputName: 'out', messageId: '1' });
    assert.deepEqual(message.properties, { a: 'b' });
    const device = { deviceId: module.deviceId };
    assert.deepEqual((await hub.local(device, 'GET', '/telemetry')).messages, []);
    const [packet] = await hub.packets(module, 'type=publish&direction=in');
    assert.match(packet.topic, /modules\/m1/);
    await client.end();
  });

  test('may have a name with every character that a module id and a topic may have', async () => {
    const name = encodeURIComponent("odd.%_*?!(),:=@$'%41-");
    const module = await hub.json('PUT', `/local/devices/${name}/modules/${name}`);
    const client = await MqttClient.connect(hub, module);
    await client.publish(`${topicOf(module)}/messages/events/`, 'x');
    const { messages } = await hub.json('GET', `/local/devices/${name}/modules/${name}/telemetry`);
    assert.equal(messages[0].text, 'x');
    await client.end();
  });

  test('has no topics of its device or of another module', async () => {
    for (const topic of ['messages/events/', 'modules/m2/messages/events/']) {
      const module = await hub.createModule();
      const client = await RawClient.connect(hub, module);
      client.send({
        cmd: 'publish',
        topic: `devices/${module.deviceId}/${topic}`,
        payload: 'x',
        qos: 1,
        messageId: 1,
      });
      await client.closed;
      await hub.logged(/closed, the hub has no topic "devices/);
    }
    const module = await hub.createModule();
    const client = await RawClient.connect(hub, module);
    const topic = `devices/${module.deviceId}/messages/devicebound/#`;
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
    await client.closed;
  });

  test('receives messages at its inputs, queued while it is away', async () => {
    const { module, client } = await connectWithInputs();
    const message = { body: 'one', messageId: 'a/b', properties: { k: 'v', empty: null } };
    await hub.local(module, 'POST', '/inputs/in1', message);
    const first = await client.next();
    assert.equal(first.topic, `${topicOf(module)}/inputs/in1/%24.mid=a%2Fb&k=v&empty`);
    assert.equal(first.text, 'one');
    assert.equal(first.packet.qos, 1);
    await client.end();
    await hub.local(module, 'POST', '/inputs/in2', { body: 'two' });
    assert.equal((await hub.local(module, 'GET', '')).pendingMessages, 1);
    const next = await MqttClient.connect(hub, module);
    assert.equal((await next.next()).topic, `${topicOf(module)}/inputs/in2/`);
    await next.end();
  });

  test('may subscribe to all of its own topics in one filter', async () => {
    const module = await hub.createModule();
    const client = await MqttClient.connect(hub, module);
    await client.subscribe(`${topicOf(module)}/#`);
    await hub.local(module, 'POST', '/inputs/in', { body: 'x' });
    assert.equal((await client.next()).text, 'x');
    await client.end();
  });

  test('accepts no cloud-to-device messages, and a device none at inputs', async () => {
    const module = await hub.createModule();
    for (const path of [`${restOf(module)}/messages`, `/${module.deviceId}/inputs/in`]) {
      const { status } = await hub.call('POST', `/local/devices${path}`, { body: 'x' });
      assert.equal(status, 404);
    }
    const bad = `/local/devices${restOf(module)}/inputs/a%2Fb`;
    assert.equal((await hub.call('POST', bad, { body: 'x' })).status, 400);
  });

  test('has a twin of its own', async () => {
    const module = await hub.createModule();
    const client = await MqttClient.connect(hub, module);
    await client.subscribe('$iothub/twin/res/#');
    await client.subscribe('$iothub/twin/PATCH/properties/desired/#');
    const path = `/twins${restOf(module)}`;
    const patch = { properties: { desired: { level: 1 } } };
    const written = await hub.json('PATCH', path, patch);
    assert.equal(written.moduleId, 'm1');
    assert.deepEqual(JSON.parse((await client.next()).text), { level: 1, $version: 2 });
    await client.publish('$iothub/twin/PATCH/properties/reported/?$rid=1', '{"speed":2}');
    assert.equal((await client.next()).topic, '$iothub/twin/res/204/?$rid=1&$version=2');
    assert.equal((await hub.json('GET', path)).properties.reported.speed, 2);
    const device = await hub.json('GET', `/twins/${module.deviceId}`);
    assert.equal(device.properties.reported.speed, undefined);
    await client.end();
  });

  test('answers methods', async () => {
    const module = await hub.createModule();
    const client = await MqttClient.connect(hub, module);
    await client.subscribe('$iothub/methods/POST/#');
    const answer = hub.json('POST', `/twins${restOf(module)}/methods`, { methodName: 'go' });
    const [, requestId] = /POST\/go\/\?\$rid=(.+)$/.exec((await client.next()).topic);
    await client.publish(`$iothub/methods/res/200/?$rid=${requestId}`, '{"done":true}');
    assert.deepEqual(await answer, { status: 200, payload: { done: true } });
    const offline = await hub.call('POST', `/twins/${module.deviceId}/methods`, {
      methodName: 'go',
    });
    assert.equal(offline.headers.get('iothub-errorcode'), 'DeviceNotOnline');
    await client.end();
  });

  test('is 404 when unknown, as all calls below it are', async () => {
    const { deviceId } = await hub.createDevice();
    for (const path of [
      `/local/devices/${deviceId}/modules/no`,
      `/local/devices/${deviceId}/modules/no/telemetry`,
      `/twins/${deviceId}/modules/no`,
    ]) {
      const { status, headers } = await hub.call('GET', path);
      assert.equal(status, 404);
      assert.equal(headers.get('iothub-errorcode'), 'ModuleNotFound');
    }
  });
});
