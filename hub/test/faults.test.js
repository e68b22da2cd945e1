import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();

const PINGRESP = 'd000';
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

async function connectForMessages(...messages) {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  const topic = `devices/${device.deviceId}/messages/devicebound/#`;
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
  await client.next();
  const packets = [];
  for (const message of messages) {
    await hub.sendToDevice(device, message);
    packets.push(await client.next());
  }
  return { device, client, packets };
}

const withoutHeader = ({ topic, messageId, qos, payload }) => ({
  topic,
  messageId,
  qos,
  text: payload.toString(),
});

describe('redeliver', () => {
  test('repeats the last message with DUP, acknowledged or not', async () => {
    const { device, client, packets } = await connectForMessages({ body: 'a' }, { body: 'b' });
    for (const acknowledge of [false, true]) {
      if (acknowledge) {
        client.send({ cmd: 'puback', messageId: packets[1].messageId });
        await hub.packets(device, 'type=puback');
      }
      await hub.fault(device, { redeliver: {} });
      const again = await client.next();
      assert.equal(packets[1].dup, false);
      assert.equal(again.dup, true);
      assert.deepEqual(withoutHeader(again), withoutHeader(packets[1]));
    }
    await client.close();
  });

  test('repeats the message that it names', async () => {
    const messages = [
      { body: 'a', messageId: 'one' },
      { body: 'b', messageId: 'two' },
    ];
    const { device, client, packets } = await connectForMessages(...messages);
    await hub.fault(device, { redeliver: { messageId: 'one' } });
    assert.deepEqual(withoutHeader(await client.next()), withoutHeader(packets[0]));
    await client.close();
  });

  test('is 404 when the current connection got no such message', async () => {
    const { device, client } = await connectForMessages({ body: 'a', messageId: 'one' });
    const path = `/local/devices/${device.deviceId}/faults`;
    const redeliver = async (messageId) =>
      (await hub.call('POST', path, { redeliver: { messageId } })).status;
    assert.equal(await redeliver('two'), 404);
    assert.equal(await redeliver('one'), 200);
    await hub.local(device, 'POST', '/disconnect');
    assert.equal(await redeliver('one'), 404);
    await client.closed;
  });
});

describe('send', () => {
  test('sends any bytes in one binary frame, sendText a text frame', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.fault(device, { send: PINGRESP });
    assert.equal((await client.next()).cmd, 'pingresp');
    await hub.fault(device, { sendText: 'hello', send: 'd0' });
    await hub.fault(device, { send: '00' });
    assert.equal((await client.next()).cmd, 'pingresp');
    const frames = client.frames.slice(1);
    assert.deepEqual(
      frames.map(({ data, isBinary }) => (isBinary ? data.toString('hex') : `"${data}"`)),
      [PINGRESP, 'd0', '"hello"', '00'],
    );
    await client.close();
  });

  test('can answer a CONNECT whose CONNACK is withheld', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { withhold: ['connack'] });
    const connecting = RawClient.connect(hub, device);
    await hub.packets(device, 'type=connect');
    await hub.fault(device, { send: '20020100' });
    const client = await connecting;
    assert.equal(client.connack.sessionPresent, true);
    await client.close();
  });

  test('is 404 without a connection, 400 without hex', async () => {
    const { deviceId } = await hub.createDevice();
    for (const [body, status] of [
      [{ send: PINGRESP }, 404],
      [{ sendText: 'x' }, 404],
      [{ halfOpen: true }, 404],
      [{ send: 'd00' }, 400],
      [{ send: 'xx' }, 400],
      [{ send: '' }, 400],
    ]) {
      const answer = await hub.call('POST', `/local/devices/${deviceId}/faults`, body);
      assert.equal(answer.status, status, JSON.stringify(body));
    }
  });
});

describe('frameSize', () => {
  test('cuts packets into frames, from CONNACK on, until it is cleared', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { frameSize: 1 });
    const client = await RawClient.connect(hub, device);
    assert.equal(client.connack.returnCode, 0);
    assert.deepEqual(
      client.frames.map(({ data }) => data.length),
      [1, 1, 1, 1],
    );
    await hub.fault(device, { frameSize: 3 });
    const filter = { topic: '$iothub/twin/res/#', qos: 0 };
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    assert.equal((await client.next()).cmd, 'suback');
    assert.deepEqual(
      client.frames.slice(4).map(({ data }) => data.length),
      [3, 2],
    );
    const [connack, suback] = await hub.packets(device, 'direction=out&count=2');
    assert.deepEqual([connack.frame, suback.frame], [4, 6]);
    await hub.fault(device, { clear: true });
    client.send({ cmd: 'pingreq' });
    await client.next();
    assert.equal(client.frames.length, 7);
    await client.close();
  });
});

describe('twinStatus', () => {
  async function ask(fault) {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.subscribe('$iothub/twin/res/#');
    await hub.fault(device, fault);
    await client.publish('$iothub/twin/GET/?$rid=1');
    const { topic, text } = await client.next();
    return { device, client, topic, text };
  }

  test('answers twin requests without doing them, until it is cleared', async () => {
    const { device, client, topic, text } = await ask({ twinStatus: 503 });
    assert.equal(topic, '$iothub/twin/res/503/?$rid=1');
    assert.equal(text, '');
    await client.publish('$iothub/twin/PATCH/properties/reported/?$rid=2', '{"a":1}');
    assert.equal((await client.next()).topic, '$iothub/twin/res/503/?$rid=2');
    await hub.fault(device, { clear: true });
    await client.publish('$iothub/twin/GET/?$rid=3');
    const answer = await client.next();
    assert.equal(answer.topic, '$iothub/twin/res/200/?$rid=3');
    assert.deepEqual(JSON.parse(answer.text).reported, { $version: 1 });
    await client.end();
  });

  test('accepts a body, JSON or any text', async () => {
    for (const [body, expected] of [
      [{ errorCode: 429001 }, '{"errorCode":429001}'],
      ['{not JSON', '{not JSON'],
      [null, 'null'],
    ]) {
      const { client, topic, text } = await ask({ twinStatus: 200, body });
      assert.equal(topic, '$iothub/twin/res/200/?$rid=1');
      assert.equal(text, expected);
      await client.end();
    }
  });
});

describe('halfOpen', () => {
  test('leaves the connection open and dead, the next one is alive', async () => {
    const { device, client } = await connectForMessages();
    await hub.fault(device, { halfOpen: true });
    client.send({ cmd: 'pingreq' });
    await hub.sendToDevice(device, { body: 'x' });
    client.webSocket.close();
    const next = await RawClient.connect(hub, device);
    const message = await next.next();
    assert.equal(message.payload.toString(), 'x');
    next.send({ cmd: 'pingreq' });
    assert.equal((await next.next()).cmd, 'pingresp');
    assert.equal(await client.closed, 1006, 'its Close frame was never answered');
    assert.deepEqual(client.frames.length, 2, 'CONNACK and SUBACK');
    const pings = await hub.packets(device, 'type=pingreq');
    assert.deepEqual(
      pings.map(({ connection }) => connection),
      [2],
    );
    await next.close();
  });
});

describe('clock', () => {
  const tokenFor = (device, expiry) =>
    sasToken({ resource: resourceOf(hub, device), key: device.primaryKey, expiry });

  test('ahead makes tokens expire, on the current connection too', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await hub.fault(device, { clock: 3500 });
    assert.equal((await hub.local(device, 'GET', '')).connected, true);
    await hub.fault(device, { clock: 4000 });
    await client.closed;
    await hub.logged(new RegExp(`^${device.deviceId}: closed, the SAS token expired`));
    await assert.rejects(MqttClient.connect(hub, device), /Not authorized/);
    const password = tokenFor(device, inSeconds(4200));
    const later = await MqttClient.connect(hub, device, { password });
    await later.end();
  });

  test('behind accepts expired tokens', async () => {
    const device = await hub.createDevice();
    const password = tokenFor(device, inSeconds(-360));
    await assert.rejects(MqttClient.connect(hub, device, { password }), /Not authorized/);
    await hub.fault(device, { clock: -120 });
    const client = await MqttClient.connect(hub, device, { password });
    await client.end();
  });
});

test('faults of one device are not those of another, nor those of its modules', async () => {
  const module = await hub.createModule();
  const device = await hub.json('PUT', `/local/devices/${module.deviceId}`);
  await hub.fault(device, { connack: 3 });
  await assert.rejects(MqttClient.connect(hub, device), /Server unavailable/);
  const client = await MqttClient.connect(hub, module);
  await client.end();
  await hub.fault(module, { connack: 3 });
  await assert.rejects(MqttClient.connect(hub, module), /Server unavailable/);
});

test('wrong values are refused, and the response lists the active faults', async () => {
  const device = await hub.createDevice();
  for (const fault of [
    { frameSize: 0 },
    { twinStatus: '503' },
    { body: {} },
    { filesStatus: 199 },
    { clock: 0.5 },
    { halfOpen: false },
    { redeliver: true },
    { delay: { everything: 1 } },
    { delay: { puback: -1 } },
    { dropAt: 'never' },
    { dropAt: { step: 'publish', count: 0 } },
    { rate: { messages: 1 } },
    { quota: -1 },
    { methodStatus: 100 },
    { mergeFor: 0 },
    { forSeconds: 0 },
    { refuseUpgrade: true },
  ]) {
    const { status } = await hub.call('POST', `/local/devices/${device.deviceId}/faults`, fault);
    assert.equal(status, 400, JSON.stringify(fault));
  }
  const all = { frameSize: 2, filesStatus: 500, noStorage: true, clock: 5, twinStatus: 429 };
  assert.deepEqual(await hub.fault(device, all), {
    frameSize: 2,
    filesStatus: 500,
    noStorage: true,
    clock: 5,
    twinAnswer: { status: 429 },
  });
  assert.deepEqual(await hub.fault(device, { clear: true }), {});
});
