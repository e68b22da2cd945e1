import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();

const filterOf = ({ deviceId }) => `devices/${deviceId}/messages/devicebound/#`;
const pending = async (device) => (await hub.local(device, 'GET', '')).pendingMessages;

/** A device that reads packets and acknowledges only when the test says so. */
async function connectRaw(device, { qos = 1, ...options } = {}) {
  const client = await RawClient.connect(hub, device, options);
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic: filterOf(device), qos }],
  });
  assert.equal((await client.next()).cmd, 'suback');
  return client;
}

async function sendMany(device, count) {
  for (let n = 1; n <= count; n++) await hub.sendToDevice(device, { body: `message ${n}` });
}

const bodies = (...numbers) => numbers.map((n) => `message ${n}`);
const textOf = ({ payload }) => payload.toString();

/** The next packets, which must be publishes. */
async function take(client, count) {
  const packets = [];
  for (let n = 0; n < count; n++) packets.push(await client.next());
  assert.ok(packets.every((packet) => packet?.cmd === 'publish'));
  return packets;
}

/** Proves that nothing else was sent so far: the next packet is the response to a ping. */
async function assertNothingElse(client) {
  client.send({ cmd: 'pingreq' });
  assert.equal((await client.next()).cmd, 'pingresp');
}

describe('a message', () => {
  test('has its properties in the topic, as the service writes them', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.subscribe(filterOf(device));
    const answer = await hub.call('POST', `/local/devices/${device.deviceId}/messages`, {
      body: 'full ü',
      messageId: 'm/1',
      correlationId: 'c 2',
      userId: 'u&3',
      contentType: 'text/plain; charset=utf-8',
      contentEncoding: 'utf-8',
      expiryTimeUtc: '2100-01-01T00:00:00Z',
      ack: 'full',
      properties: { plain: 'value', "paren()*!~'": '1+1=2', empty: '', nothing: null },
    });
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.body, { messageId: 'm/1', sequenceNumber: 1 });
    const { topic, text, packet } = await client.next();
    assert.equal(
      topic,
      `devices/${device.deviceId}/messages/devicebound/` +
        `%24.mid=m%2F1&%24.to=%2Fdevices%2F${device.deviceId}%2Fmessages%2Fdevicebound` +
        '&%24.cid=c%202&%24.uid=u%263&%24.ct=text%2Fplain%3B%20charset%3Dutf-8&%24.ce=utf-8' +
        '&%24.exp=2100-01-01T00%3A00%3A00.000Z&iothub-ack=full' +
        '&plain=value&paren%28%29%2A%21~%27=1%2B1%3D2&empty=&nothing',
    );
    assert.equal(text, 'full ü');
    assert.equal(packet.qos, 1);
    assert.equal(packet.dup, false);
    await client.end();
  });

  test('without properties still has its address', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.subscribe(filterOf(device));
    const bodyBase64 = Buffer.from([0, 0xff]).toString('base64');
    const answer = await hub.sendToDevice(device, { bodyBase64, ack: 'none' });
    assert.deepEqual(answer, { sequenceNumber: 1 });
    const { topic, payload } = await client.next();
    assert.equal(
      topic,
      `devices/${device.deviceId}/messages/devicebound/` +
        `%24.to=%2Fdevices%2F${device.deviceId}%2Fmessages%2Fdevicebound`,
    );
    assert.deepEqual(payload, Buffer.from([0, 0xff]));
    await client.end();
  });

  test('is refused with 404 for an unknown device', async () => {
    const answer = await hub.call('POST', '/local/devices/nobody/messages', { body: 'x' });
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('iothub-errorcode'), 'DeviceNotFound');
  });

  test('is refused with 400 when a member is wrong', async () => {
    const device = await hub.createDevice();
    for (const message of [
      { body: 1 },
      { body: 'a', bodyBase64: 'YQ==' },
      { bodyBase64: '?' },
      { ack: 'perhaps' },
      { expiryTimeUtc: 'soon' },
      { properties: { a: 1 } },
      { unknown: 'x' },
    ]) {
      const path = `/local/devices/${device.deviceId}/messages`;
      assert.equal((await hub.call('POST', path, message)).status, 400, JSON.stringify(message));
    }
    assert.equal(await pending(device), 0);
  });

  test('is refused with 413 when body or properties are too large', async () => {
    const device = await hub.createDevice();
    const path = `/local/devices/${device.deviceId}/messages`;
    for (const message of [
      { body: 'x'.repeat(64 * 1024 + 1) },
      { properties: { a: '中'.repeat(10_000) } },
    ]) {
      const answer = await hub.call('POST', path, message);
      assert.equal(answer.status, 413);
      assert.equal(answer.headers.get('iothub-errorcode'), 'MessageTooLarge');
    }
    assert.equal((await hub.call('POST', path, { body: 'x'.repeat(64 * 1024) })).status, 201);
  });
});

describe('the queue', () => {
  test('holds 50 messages and refuses one more with 403', async () => {
    const device = await hub.createDevice();
    await sendMany(device, 50);
    assert.equal(await pending(device), 50);
    const path = `/local/devices/${device.deviceId}/messages`;
    const answer = await hub.call('POST', path, { body: 'x' });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get('iothub-errorcode'), 'DeviceMaximumQueueDepthExceeded');
    assert.equal(JSON.parse(answer.body.Message).errorCode, 403004);
    assert.equal(await pending(device), 50);
  });

  test('waits for the subscription', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await sendMany(device, 2);
    await client.publish('$iothub/twin/GET/?$rid=1');
    assert.equal(client.unread, 0);
    await client.subscribe(filterOf(device));
    assert.deepEqual([(await client.next()).text, (await client.next()).text], bodies(1, 2));
    await client.end();
  });

  test('is delivered right after CONNACK to a session with the subscription', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    await first.subscribe(filterOf(device));
    await first.end();
    await sendMany(device, 3);
    const second = await RawClient.connect(hub, device);
    assert.equal(second.connack.sessionPresent, true);
    assert.deepEqual((await take(second, 3)).map(textOf), bodies(1, 2, 3));
    await second.close();
  });

  test('is not delivered to a clean session before it subscribes', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    await first.subscribe(filterOf(device));
    await first.end();
    await sendMany(device, 1);
    const second = await RawClient.connect(hub, device, { clean: true });
    await assertNothingElse(second);
    await second.close();
  });

  test('has at most 16 messages unacknowledged at the device', async () => {
    const device = await hub.createDevice();
    const client = await connectRaw(device);
    await sendMany(device, 20);
    const packets = await take(client, 16);
    assert.equal(new Set(packets.map(({ messageId }) => messageId)).size, 16);
    await assertNothingElse(client);
    client.send({ cmd: 'puback', messageId: packets[3].messageId });
    assert.equal(textOf(await client.next()), 'message 17');
    await assertNothingElse(client);
    assert.equal(await pending(device), 19);
    await client.close();
  });

  test('loses a message when it is acknowledged, not before', async () => {
    const device = await hub.createDevice();
    const client = await connectRaw(device);
    await sendMany(device, 1);
    const [{ messageId }] = await take(client, 1);
    client.send({ cmd: 'puback', messageId: messageId + 1 });
    await assertNothingElse(client);
    assert.equal(await pending(device), 1);
    client.send({ cmd: 'puback', messageId });
    await assertNothingElse(client);
    assert.equal(await pending(device), 0);
    await client.close();
  });

  test('ignores the acknowledgement of a message that the connection did not get', async (t) => {
    await hub.set(t, { purgeOnCleanSession: false });
    const device = await hub.createDevice();
    const first = await connectRaw(device);
    await sendMany(device, 1);
    const [{ messageId }] = await take(first, 1);
    await first.close();
    const second = await RawClient.connect(hub, device, { clean: true });
    second.send({ cmd: 'puback', messageId });
    await assertNothingElse(second);
    assert.equal(await pending(device), 1);
    await second.close();
  });

  test('repeats what was not acknowledged, with DUP and the same packet id', async () => {
    const device = await hub.createDevice();
    const first = await connectRaw(device);
    await sendMany(device, 18);
    const sent = await take(first, 16);
    first.send({ cmd: 'puback', messageId: sent[0].messageId });
    assert.equal(textOf(await first.next()), 'message 17');
    await first.close();
    const second = await RawClient.connect(hub, device);
    const again = await take(second, 16);
    assert.deepEqual(again.map(textOf), bodies(...Array.from({ length: 16 }, (_, i) => i + 2)));
    assert.ok(again.every(({ dup }) => dup));
    assert.deepEqual(
      again.slice(0, 15).map(({ messageId }) => messageId),
      sent.slice(1).map(({ messageId }) => messageId),
    );
    second.send({ cmd: 'puback', messageId: again[0].messageId });
    const [fresh] = await take(second, 1);
    assert.equal(textOf(fresh), 'message 18');
    assert.equal(fresh.dup, false);
    await second.close();
  });

  test('completes a message when it is sent at QoS 0', async () => {
    const device = await hub.createDevice();
    const client = await connectRaw(device, { qos: 0 });
    await sendMany(device, 20);
    const packets = await take(client, 20);
    assert.ok(packets.every(({ qos }) => qos === 0));
    assert.equal(await pending(device), 0);
    await client.close();
  });

  test('drops a message that has expired', async () => {
    const device = await hub.createDevice();
    const first = await RawClient.connect(hub, device);
    await hub.sendToDevice(device, { body: 'late', expiryTimeUtc: '2020-01-01T00:00:00Z' });
    await hub.sendToDevice(device, { body: 'in time', expiryTimeUtc: '2100-01-01T00:00:00Z' });
    assert.equal(await pending(device), 1);
    await first.close();
    const second = await connectRaw(device);
    assert.equal(textOf(await second.next()), 'in time');
    await second.close();
  });

  test('keeps a message without an expiry for an hour', async (t) => {
    const device = await hub.createDevice();
    await sendMany(device, 1);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_590_000 });
    assert.equal(await pending(device), 1);
    t.mock.timers.setTime(Date.now() + 20_000);
    assert.equal(await pending(device), 0);
  });

  test('keeps a message that expires at the device until it is acknowledged', async (t) => {
    const device = await hub.createDevice();
    const client = await connectRaw(device);
    await sendMany(device, 1);
    const [{ messageId }] = await take(client, 1);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 7_200_000 });
    assert.equal(await pending(device), 1);
    client.send({ cmd: 'puback', messageId });
    await assertNothingElse(client);
    assert.equal(await pending(device), 0);
    await client.close();
  });
});

test('a clean session removes what is queued, unless purgeOnCleanSession is off', async (t) => {
  for (const purgeOnCleanSession of [true, false]) {
    await hub.set(t, { purgeOnCleanSession });
    const device = await hub.createDevice();
    await sendMany(device, 2);
    const client = await RawClient.connect(hub, device, { clean: true });
    assert.equal(await pending(device), purgeOnCleanSession ? 0 : 2);
    await client.close();
  }
});

test('a message that is not acknowledged in time is redelivered', async (t) => {
  await hub.set(t, { messageLock: 1 });
  const device = await hub.createDevice();
  const client = await connectRaw(device);
  await sendMany(device, 1);
  const [first, second] = await take(client, 2);
  assert.equal(second.dup, true);
  assert.equal(second.messageId, first.messageId);
  client.send({ cmd: 'puback', messageId: second.messageId });
  await assertNothingElse(client);
  assert.equal(await pending(device), 0);
  await client.close();
});
