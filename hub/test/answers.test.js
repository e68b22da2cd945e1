import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub();

const eventsOf = ({ deviceId }) => `devices/${deviceId}/messages/events/`;
const publish = (device, messageId) => ({
  cmd: 'publish',
  topic: eventsOf(device),
  payload: `message ${messageId}`,
  qos: 1,
  messageId,
});
const PING = { cmd: 'pingreq' };
const twinFilter = { topic: '$iothub/twin/res/#', qos: 0 };
const SUBSCRIBE = { cmd: 'subscribe', messageId: 8, subscriptions: [twinFilter] };
const UNSUBSCRIBE = { cmd: 'unsubscribe', messageId: 9, unsubscriptions: [twinFilter.topic] };
const twinGet = (id) => ({ cmd: 'publish', topic: `$iothub/twin/GET/?$rid=${id}`, qos: 0 });

const texts = async (device) =>
  (await hub.local(device, 'GET', '/telemetry')).messages.map(({ text }) => text);

describe('an answer', () => {
  const answers = {
    puback: [(device) => publish(device, 1), 'puback'],
    suback: [() => SUBSCRIBE, 'suback'],
    unsuback: [() => UNSUBSCRIBE, 'unsuback'],
    twin: [() => twinGet(1), 'publish'],
  };
  for (const [kind, [packetOf, cmd]] of Object.entries(answers)) {
    test(`${kind} may be late, others are not`, async () => {
      const device = await hub.createDevice();
      const client = await RawClient.connect(hub, device);
      client.send(SUBSCRIBE);
      await client.next();
      await hub.fault(device, { delay: { [kind]: 200 } });
      client.send(packetOf(device));
      client.send(PING);
      assert.equal((await client.next()).cmd, 'pingresp');
      assert.equal((await client.next()).cmd, cmd);
      await client.close();
    });

    test(`${kind} may never come`, async () => {
      const device = await hub.createDevice();
      const client = await RawClient.connect(hub, device);
      client.send(SUBSCRIBE);
      await client.next();
      await hub.fault(device, { withhold: [kind] });
      client.send(packetOf(device));
      client.send(PING);
      assert.equal((await client.next()).cmd, 'pingresp');
      await client.close();
    });
  }

  test('pingresp may be late', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.fault(device, { delay: { pingresp: 200 } });
    client.send(PING);
    client.send(publish(device, 1));
    assert.equal((await client.next()).cmd, 'puback');
    assert.equal((await client.next()).cmd, 'pingresp');
    await client.close();
  });

  test('connack may be late; earlier packets are processed after it', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { delay: { connack: 300 } });
    const client = await RawClient.open(hub);
    client.send(connectPacket(hub, device));
    client.send(publish(device, 5));
    await hub.packets(device, 'type=publish');
    assert.equal((await hub.local(device, 'GET', '')).connected, false);
    assert.deepEqual(await texts(device), []);
    assert.equal((await client.next()).cmd, 'connack');
    assert.equal((await client.next()).messageId, 5);
    await client.close();
  });

  test('that is late does not reach the next connection', async () => {
    const device = await hub.createDevice();
    const first = await RawClient.connect(hub, device);
    first.send(SUBSCRIBE);
    await first.next();
    await hub.fault(device, { delay: { twin: 200 } });
    first.send(twinGet(1));
    first.send(publish(device, 1));
    await hub.telemetry(device);
    const second = await RawClient.connect(hub, device);
    second.send(twinGet(2));
    assert.equal((await second.next()).topic, '$iothub/twin/res/200/?$rid=2');
    await second.close();
  });
});

test('mergeFor gathers packets into one frame', async () => {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  await hub.fault(device, { mergeFor: 100 });
  for (const id of [1, 2, 3]) client.send(publish(device, id));
  client.send(PING);
  for (const id of [1, 2, 3]) assert.equal((await client.next()).messageId, id);
  assert.equal((await client.next()).cmd, 'pingresp');
  assert.equal(client.frames.length, 2, 'CONNACK and all the rest');
  const [, ...packets] = await hub.packets(device, 'direction=out&count=5');
  assert.deepEqual(
    packets.map(({ frame }) => frame),
    [2, 2, 2, 2],
  );
  await hub.fault(device, { frameSize: 5 });
  for (const id of [4, 5]) client.send(publish(device, id));
  for (const id of [4, 5]) assert.equal((await client.next()).messageId, id);
  assert.deepEqual(
    client.frames.slice(2).map(({ data }) => data.length),
    [5, 3],
  );
  await client.close();
});

test('duplicate sends publishes at QoS 1 twice, the second time with DUP', async () => {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  const topic = `devices/${device.deviceId}/messages/devicebound/#`;
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
  await client.next();
  await hub.fault(device, { duplicate: true });
  await hub.sendToDevice(device, { body: 'x' });
  const [first, second] = [await client.next(), await client.next()];
  assert.deepEqual([first.dup, second.dup], [false, true]);
  assert.deepEqual({ ...second, dup: false }, { ...first });
  client.send({ cmd: 'puback', messageId: first.messageId });
  client.send({ cmd: 'puback', messageId: first.messageId });
  client.send(PING);
  assert.equal((await client.next()).cmd, 'pingresp');
  assert.equal((await hub.local(device, 'GET', '')).pendingMessages, 0);
  await client.close();
});

test('methodStatus answers method calls, and the device gets none', async () => {
  const device = await hub.createDevice();
  const client = await MqttClient.connect(hub, device);
  await client.subscribe('$iothub/methods/POST/#');
  const path = `/twins/${device.deviceId}/methods`;
  for (const status of [429, 503]) {
    await hub.fault(device, { methodStatus: status });
    assert.equal((await hub.call('POST', path, { methodName: 'm' })).status, status);
  }
  await hub.fault(device, { clear: true });
  const pending = hub.call('POST', path, { methodName: 'later' });
  const { topic } = await client.next();
  assert.match(topic, /POST\/later\//);
  await client.publish(topic.replace(/POST\/later/, 'res/200'), '');
  assert.equal((await pending).status, 200);
  await client.end();
});

describe('throttling', () => {
  test('closes a connection that sends more than its rate', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { rate: { telemetry: 2 } });
    const client = await RawClient.connect(hub, device);
    for (const id of [1, 2, 3]) client.send(publish(device, id));
    assert.equal((await client.next()).messageId, 1);
    assert.equal((await client.next()).messageId, 2);
    assert.equal(await client.next(), undefined);
    await hub.logged(new RegExp(`^${device.deviceId}: closed, more than 2 messages`));
    assert.deepEqual(await texts(device), ['message 1', 'message 2']);
  });

  test('answers twin requests with 429', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { rate: { twin: 1 } });
    const client = await RawClient.connect(hub, device);
    client.send(SUBSCRIBE);
    await client.next();
    for (const id of [1, 2]) client.send(twinGet(id));
    assert.equal((await client.next()).topic, '$iothub/twin/res/200/?$rid=1');
    const { topic, payload } = await client.next();
    assert.equal(topic, '$iothub/twin/res/429/?$rid=2');
    assert.equal(JSON.parse(payload).errorCode, 429001);
    await client.close();
  });

  test('over the daily quota leaves messages unanswered, on later connections too', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { quota: 1 });
    const first = await RawClient.connect(hub, device);
    for (const id of [1, 2]) first.send(publish(device, id));
    first.send(PING);
    assert.equal((await first.next()).messageId, 1);
    assert.equal((await first.next()).cmd, 'pingresp');
    await first.close();
    const second = await RawClient.connect(hub, device);
    assert.equal(second.connack.returnCode, 0);
    second.send(publish(device, 3));
    second.send(PING);
    assert.equal((await second.next()).cmd, 'pingresp');
    assert.deepEqual(await texts(device), ['message 1']);
    await second.close();
  });
});

test('forSeconds ends the faults of its request, not earlier or later ones', async () => {
  const device = await hub.createDevice();
  await hub.fault(device, { withhold: ['twin'], frameSize: 2, clock: 5 });
  const during = await hub.fault(device, {
    withhold: ['puback'],
    frameSize: 1,
    clock: 6,
    forSeconds: 0.3,
  });
  assert.deepEqual(during, { withhold: ['twin', 'puback'], frameSize: 1, clock: 6 });
  await hub.fault(device, { clock: 7 });
  let faults;
  do faults = await hub.fault(device, {});
  while (faults.frameSize === 1);
  assert.deepEqual(faults, { withhold: ['twin'], frameSize: 2, clock: 7 });
});
