import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();
const MAX_SIZE = 262_144;

const eventsOf = ({ deviceId }) => `devices/${deviceId}/messages/events`;

/** Sends one message with MQTT.js and returns it as the hub stored it. */
async function send(bag, payload = 'body', options = { qos: 1 }) {
  const device = await hub.createDevice();
  const client = await MqttClient.connect(hub, device);
  await client.publish(eventsOf(device) + bag, payload, options);
  const [message] = await hub.telemetry(device);
  await client.end();
  return message;
}

async function assertCloses(packet, reason) {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  const topic = packet.topic ?? eventsOf(device) + packet.bag;
  client.send({ cmd: 'publish', payload: 'x', qos: 1, messageId: 1, ...packet, topic });
  assert.equal(await client.next(), undefined, 'nothing is acknowledged');
  await client.closed;
  await hub.logged(new RegExp(`^${device.deviceId}: closed, .*${reason.source}`));
  assert.deepEqual((await hub.local(device, 'GET', '/telemetry')).messages, []);
}

describe('a message', () => {
  test('is stored before it is acknowledged', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const before = Date.now();
    await client.publish(`${eventsOf(device)}/`, Buffer.from([0, 1, 0xff]));
    const { messages } = await hub.local(device, 'GET', '/telemetry');
    assert.equal(messages.length, 1);
    assert.equal(messages[0].sequence, 1);
    assert.equal(messages[0].body, Buffer.from([0, 1, 0xff]).toString('base64'));
    assert.equal(messages[0].dup, false);
    assert.ok(Date.parse(messages[0].enqueuedTime) >= before);
    await client.end();
  });

  test('at QoS 0 is stored without acknowledgement', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const topic = `${eventsOf(device)}/`;
    client.send({ cmd: 'publish', topic, payload: 'zero', qos: 0 });
    client.send({ cmd: 'publish', topic, payload: 'one', qos: 1, messageId: 9 });
    const { cmd, messageId } = await client.next();
    assert.deepEqual({ cmd, messageId }, { cmd: 'puback', messageId: 9 });
    const messages = await hub.telemetry(device, 2);
    assert.deepEqual(
      messages.map(({ text, packetId }) => ({ text, packetId })),
      [
        { text: 'zero', packetId: null },
        { text: 'one', packetId: 9 },
      ],
    );
    await client.close();
  });

  test('that arrives again with DUP is stored again and marked', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const packet = { cmd: 'publish', topic: eventsOf(device), payload: 'x', qos: 1, messageId: 5 };
    client.send(packet);
    client.send({ ...packet, dup: true });
    const messages = await hub.telemetry(device, 2);
    assert.deepEqual(
      messages.map(({ sequence, dup, packetId, properties }) => [
        sequence,
        dup,
        packetId,
        properties,
      ]),
      [
        [1, false, 5, {}],
        [2, true, 5, { 'mqtt-dup': 'true' }],
      ],
    );
    await client.close();
  });

  test('with RETAIN is marked', async () => {
    const { properties } = await send('/', 'x', { qos: 1, retain: true });
    assert.deepEqual(properties, { 'mqtt-retain': 'true' });
  });
});

describe('the annotations of a message', () => {
  test('name the device, how it authenticated, and its model', async () => {
    const device = await hub.createDevice();
    const { generationId } = await hub.json('GET', `/devices/${device.deviceId}`);
    const model = '&model-id=dtmi%3Acom%3Aexample%3BThing';
    const client = await MqttClient.connect(hub, device, {
      username: `${hub.hostname}/${device.deviceId}/?api-version=2021-04-12${model}`,
    });
    await client.publish(`${eventsOf(device)}/%24.sub=thermostat`, 'x');
    const [{ annotations, enqueuedTime }] = await hub.telemetry(device);
    const method = JSON.parse(annotations['iothub-connection-auth-method']);
    assert.deepEqual(method, {
      scope: 'device',
      type: 'sas',
      issuer: 'iothub',
      acceptingIpFilterRule: null,
    });
    delete annotations['iothub-connection-auth-method'];
    assert.deepEqual(annotations, {
      'iothub-connection-device-id': device.deviceId,
      'iothub-connection-auth-generation-id': generationId,
      'iothub-message-source': 'Telemetry',
      'iothub-enqueuedtime': enqueuedTime,
      'dt-dataschema': 'dtmi:com:example;Thing',
      'dt-subject': 'thermostat',
    });
    await client.end();
  });

  test('name the module, and whether the token was that of a policy', async () => {
    const module = await hub.createModule();
    const { iothubowner } = hub.started.policies;
    const resource = hub.hostname;
    const password = sasToken({ resource, key: iothubowner.primaryKey, policy: 'iothubowner' });
    for (const [options, scope] of [
      [{}, 'module'],
      [{ password }, 'hub'],
    ]) {
      const client = await MqttClient.connect(hub, module, options);
      const topic = `devices/${module.deviceId}/modules/${module.moduleId}/messages/events/`;
      await client.publish(topic, 'x');
      const { annotations } = (await hub.telemetry(module)).at(-1);
      assert.equal(annotations['iothub-connection-module-id'], module.moduleId);
      assert.equal(JSON.parse(annotations['iothub-connection-auth-method']).scope, scope);
      await client.end();
    }
  });
});

describe('the property bag', () => {
  test('may be missing, end with a slash or begin with a question mark', async () => {
    for (const bag of ['', '/', '/?', '//']) {
      assert.deepEqual((await send(bag)).properties, {});
    }
    for (const bag of ['/a=b', '/a=b/', '/?a=b', '/?a=b/']) {
      assert.deepEqual((await send(bag)).properties, { a: 'b' });
    }
  });

  test('holds system properties, with a dollar sign or its code', async () => {
    const { systemProperties, properties } = await send(
      '/%24.mid=m%2F1&$.cid=c%202&%24.uid=u&%24.ct=application%2Fjson&%24.ce=utf-8' +
        '&%24.ctime=2030-01-01T00%3A00%3A00Z&%24.on=out&%24.ifid=i&%24.sub=s&%24.odd=1',
    );
    assert.deepEqual(systemProperties, {
      messageId: 'm/1',
      correlationId: 'c 2',
      userId: 'u',
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      creationTimeUtc: '2030-01-01T00:00:00Z',
      outputName: 'out',
      interfaceId: 'i',
      componentName: 's',
      '$.odd': '1',
    });
    assert.deepEqual(properties, {});
  });

  test('holds custom properties of any characters, empty and without value', async () => {
    const expected = {
      'sp ace': 'a b',
      'amp&': 'x&y=z',
      plus: '1+1',
      'slash/': 'a/b?c#d',
      'percent%': '100%25',
      ünï中: '😀',
      dollar$: '$.mid',
      __proto__x: 'p',
      constructor: 'c',
      empty: '',
    };
    const bag = Object.entries(expected)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&');
    const { properties } = await send(`/${bag}&nothing&%5F_proto__=q`);
    assert.equal(Object.getOwnPropertyDescriptor(properties, '__proto__').value, 'q');
    delete properties.__proto__;
    assert.deepEqual(properties, { ...expected, nothing: null });
  });

  test('that is malformed closes the connection', async () => {
    await assertCloses({ bag: '/a=b=c' }, /malformed property "a=b=c"/);
    await assertCloses({ bag: '/a=b&&c=d' }, /malformed property ""/);
    await assertCloses({ bag: '/=b' }, /malformed property "=b"/);
    await assertCloses({ bag: '/a=b/c' }, /malformed property "a=b\/c"/);
    await assertCloses({ bag: '/a=%zz' }, /bad percent-encoding in property "a=%zz"/);
  });
});

describe('the settings decide', () => {
  test('what a plus sign is', async (t) => {
    const bag = '/a+b=1+2%2B';
    await assertCloses({ bag }, /a plus sign in the topic is a wildcard/);
    await hub.set(t, { plusInProperties: 'plus' });
    assert.deepEqual((await send(bag)).properties, { 'a+b': '1+2+' });
    await hub.set(t, { plusInProperties: 'space' });
    assert.deepEqual((await send(bag)).properties, { 'a b': '1 2+' });
  });

  test('what an empty value is', async (t) => {
    assert.deepEqual((await send('/a=&b')).properties, { a: '', b: null });
    await hub.set(t, { emptyProperty: 'null' });
    assert.deepEqual((await send('/a=&b')).properties, { a: null, b: null });
  });

  test('whether telemetry may have an expiry', async (t) => {
    const bag = '/%24.exp=2100-01-01T00%3A00%3A00Z';
    const { systemProperties } = await send(bag);
    assert.deepEqual(systemProperties, { expiryTimeUtc: '2100-01-01T00:00:00Z' });
    await hub.set(t, { expiryInTelemetry: 'close' });
    await assertCloses({ bag }, /telemetry must not have \$\.exp/);
  });
});

describe('the connection is closed', () => {
  test('at a topic that the hub does not have', async () => {
    for (const topic of [
      'telemetry',
      'devices/someone-else/messages/events/',
      '$iothub/twin/GET/',
      '$iothub/twin/GET/?rid=1',
      '$iothub/twin/PATCH/properties/desired/?$rid=1',
      '$iothub/methods/res/ok/?$rid=1',
      '$iothub/methods/res/200/?$rid=',
    ]) {
      await assertCloses({ topic }, /the hub has no topic/);
    }
  });

  test('at a topic that only begins like the one for telemetry', async () => {
    await assertCloses({ bag: 'x' }, /the hub has no topic/);
  });

  test('at QoS 2', async () => {
    await assertCloses({ bag: '/', qos: 2 }, /QoS 2 is not supported/);
  });

  test('at more than 256 KB of body and properties', async () => {
    const fits = await send('/%24.mid=12&ab=cd', Buffer.alloc(MAX_SIZE - 6, 'x'));
    assert.equal(fits.text.length, MAX_SIZE - 6);
    const payload = Buffer.alloc(MAX_SIZE - 5, 'x');
    await assertCloses({ bag: '/%24.mid=12&ab=cd', payload }, /exceeds 262144/);
  });
});
