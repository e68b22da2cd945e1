import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import mqttPacket from 'mqtt-packet';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub();

async function assertCloses(client, reason) {
  await client.closed;
  await hub.logged(reason);
}

/** A connected device that sends something, and is disconnected because of it. */
async function assertConnectedCloses(packetOrBytes, reason) {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  if (Buffer.isBuffer(packetOrBytes)) client.sendBytes(packetOrBytes);
  else client.send(packetOrBytes);
  const { source } = reason;
  await assertCloses(client, new RegExp(`^${device.deviceId}: closed, .*(${source})`));
}

async function upgrade(path, protocol) {
  return RawClient.open(hub, { url: hub.endpoint.replace('/$iothub/websocket', path), protocol });
}

describe('an id that no topic may have', () => {
  for (const wildcard of ['+', '#']) {
    test(`with ${wildcard} connects, and is cut off when it publishes`, async () => {
      const name = `odd${wildcard}id`;
      const device = await hub.json('PUT', `/local/devices/${encodeURIComponent(name)}`);
      const client = await RawClient.connect(hub, device);
      const topic = `devices/${name}/messages/events/`;
      client.send({ cmd: 'publish', topic, payload: 'x', qos: 1, messageId: 1 });
      await client.closed;
      await hub.logged(/closed, .*PUBLISH topic is empty or has wildcards/);
    });
  }
});

describe('the WebSocket upgrade', () => {
  test('is refused with 400 at another path', async () => {
    await assert.rejects(upgrade('/mqtt', 'mqtt'), /400/);
  });

  test('is refused with 400 without the sub-protocol mqtt', async () => {
    await assert.rejects(upgrade('/$iothub/websocket', []), /400/);
    await assert.rejects(upgrade('/$iothub/websocket', 'amqp'), /400/);
  });

  test('accepts the sub-protocol in any case and returns it unchanged', async () => {
    const client = await upgrade('/$iothub/websocket', 'MQTT');
    assert.equal(client.webSocket.protocol, 'MQTT');
    await client.close();
  });

  test('ignores the query', async () => {
    const client = await upgrade('/$iothub/websocket?iothub-no-client-cert=true', 'mqtt');
    assert.equal(client.webSocket.protocol, 'mqtt');
    await client.close();
  });

  test('never agrees on compression', async () => {
    const { hostname, port } = new URL(hub.endpoint);
    const socket = connectTcp(port, hostname);
    socket.write(
      [
        'GET /$iothub/websocket HTTP/1.1',
        `Host: ${hostname}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Protocol: mqtt',
        'Sec-WebSocket-Extensions: permessage-deflate',
        '\r\n',
      ].join('\r\n'),
    );
    const [answer] = await socket.take(1).toArray();
    assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(answer.toString(), /extensions/i);
    socket.destroy();
  });
});

describe('MQTT packets and WebSocket frames', () => {
  const telemetry = (deviceId, messageId) => ({
    cmd: 'publish',
    topic: `devices/${deviceId}/messages/events/n=${messageId}`,
    payload: 'x'.repeat(300),
    qos: 1,
    messageId,
  });

  test('a packet may be cut into frames of one byte', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.open(hub);
    const bytes = Buffer.concat([
      mqttPacket.generate(connectPacket(hub, device)),
      mqttPacket.generate(telemetry(device.deviceId, 7)),
    ]);
    for (const byte of bytes) client.sendBytes(Buffer.from([byte]));
    assert.equal((await client.next()).returnCode, 0);
    assert.equal((await client.next()).messageId, 7);
    await client.close();
  });

  test('a frame may hold many packets', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const packets = Array.from({ length: 200 }, (_, i) => telemetry(device.deviceId, i + 1));
    client.sendBytes(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet))));
    for (let id = 1; id <= 200; id++) {
      const { cmd, messageId } = await client.next();
      assert.deepEqual({ cmd, messageId }, { cmd: 'puback', messageId: id });
    }
    const received = await hub.telemetry(device, 200);
    assert.deepEqual(
      received.map(({ properties }) => properties.n),
      packets.map(({ messageId }) => String(messageId)),
    );
    await client.close();
  });

  test('a frame may end in the middle of a packet', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const bytes = Buffer.concat(
      [1, 2, 3].map((id) => mqttPacket.generate(telemetry(device.deviceId, id))),
    );
    const middle = Math.floor(bytes.length / 2);
    client.sendBytes(bytes.subarray(0, middle));
    client.sendBytes(bytes.subarray(middle));
    for (const id of [1, 2, 3]) assert.equal((await client.next()).messageId, id);
    await client.close();
  });

  test('a text frame closes the connection', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    client.webSocket.send('text');
    await assertCloses(client, new RegExp(`^${device.deviceId}: closed, a text frame`));
  });
});

describe('the connection is closed', () => {
  test('when the first packet is not CONNECT', async () => {
    const client = await RawClient.open(hub);
    client.send({ cmd: 'pingreq' });
    await assertCloses(client, /^a connection: closed, the first packet is not CONNECT/);
  });

  test('at a second CONNECT', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    client.send(connectPacket(hub, device));
    await assertCloses(client, new RegExp(`^${device.deviceId}: closed, a second CONNECT`));
  });

  test('when nothing comes for 1.5 times the keep alive', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device, { keepalive: 1 });
    await assertCloses(
      client,
      new RegExp(`^${device.deviceId}: closed, .*nothing arrived for 1.5 s`),
    );
  });

  test('when nothing comes for maxSilence, whatever the keep alive', async (t) => {
    const { maxSilence } = await hub.json('GET', '/local/hub/settings');
    assert.equal(maxSilence, 1767);
    await hub.set(t, { maxSilence: 1 });
    for (const keepalive of [0, 60]) {
      const device = await hub.createDevice();
      const client = await RawClient.connect(hub, device, { keepalive });
      await assertCloses(
        client,
        new RegExp(`^${device.deviceId}: closed, nothing arrived for 1 s`),
      );
    }
  });

  test('when 16,000 publishes to the device are unacknowledged', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const filter = { topic: '$iothub/twin/res/#', qos: 1 };
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    const request = { cmd: 'publish', topic: '$iothub/twin/GET/?$rid=1', payload: '', qos: 0 };
    const bytes = mqttPacket.generate(request);
    client.sendBytes(Buffer.concat(Array(16_000).fill(bytes)));
    for (let answer = 0; answer <= 16_000; answer++) assert.ok(await client.next());
    client.sendBytes(bytes);
    await assertCloses(client, new RegExp(`^${device.deviceId}: closed, 16000 publishes`));
  });

  test('when 64 MB wait for a device that does not read', async () => {
    const device = await hub.createDevice();
    const desired = Object.fromEntries([...'abcdefg'].map((key) => [key, key.repeat(4000)]));
    await hub.json('PATCH', `/twins/${device.deviceId}`, { properties: { desired } });
    const client = await RawClient.connect(hub, device);
    const filter = { topic: '$iothub/twin/res/#', qos: 0 };
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    assert.equal((await client.next()).cmd, 'suback');
    client.webSocket.pause();
    const request = { cmd: 'publish', topic: '$iothub/twin/GET/?$rid=1', payload: '', qos: 0 };
    client.sendBytes(Buffer.concat(Array(3000).fill(mqttPacket.generate(request))));
    await hub.logged(new RegExp(`^${device.deviceId}: closed, the device does not read`));
    client.webSocket.terminate();
  });

  test('at packets that only a hub may send', async () => {
    await assertConnectedCloses({ cmd: 'connack', returnCode: 0 }, /must not send connack/);
    await assertConnectedCloses(
      { cmd: 'suback', messageId: 1, granted: [0] },
      /must not send suback/,
    );
    await assertConnectedCloses({ cmd: 'pubrel', messageId: 1 }, /must not send pubrel/);
  });
});

describe('malformed packets close the connection', () => {
  const bytes = (...values) => Buffer.from(values);
  const cases = {
    'reserved packet type': bytes(0x00, 0x00),
    'AUTH, which is MQTT 5': bytes(0xf0, 0x00),
    'wrong flags of SUBSCRIBE': bytes(0x80, 0x06, 0x00, 0x01, 0x00, 0x01, 0x61, 0x00),
    'QoS 3': bytes(0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01),
    'length of five bytes': bytes(0x30, 0xff, 0xff, 0xff, 0xff, 0x01),
    'length beyond all limits': bytes(0x30, 0xff, 0xff, 0xff, 0x7f),
    'topic longer than its packet': bytes(0x30, 0x04, 0x00, 0x09, 0x61, 0x62),
    'packet id beyond the end of its packet': bytes(0x32, 0x03, 0x00, 0x01, 0x61, 0xc0, 0x00),
    'packet id 0': bytes(0x32, 0x05, 0x00, 0x01, 0x61, 0x00, 0x00),
    'PUBACK with half a packet id': bytes(0x40, 0x01, 0x00),
    'PUBACK that is too long': bytes(0x40, 0x03, 0x00, 0x01, 0x00),
    'empty topic': bytes(0x30, 0x02, 0x00, 0x00),
    'topic that is not UTF-8': bytes(0x30, 0x03, 0x00, 0x01, 0xff),
    'topic with NUL': bytes(0x30, 0x03, 0x00, 0x01, 0x00),
    'DUP at QoS 0': bytes(0x38, 0x03, 0x00, 0x01, 0x61),
    'SUBSCRIBE without filters': bytes(0x82, 0x02, 0x00, 0x01),
    'filter that is not UTF-8': bytes(0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 0xff, 0x00),
    'SUBSCRIBE without QoS': bytes(0x82, 0x05, 0x00, 0x01, 0x00, 0x01, 0x61),
    'SUBSCRIBE with QoS 3': bytes(0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 0x61, 0x03),
    'UNSUBSCRIBE without filters': bytes(0xa2, 0x02, 0x00, 0x01),
    'PINGREQ with a body': bytes(0xc0, 0x01, 0x00),
  };
  for (const [name, data] of Object.entries(cases)) {
    test(name, () => assertConnectedCloses(data, /malformed packet/));
  }

  test('after the valid ones before them were processed', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const sound = mqttPacket.generate({
      cmd: 'publish',
      topic: `devices/${device.deviceId}/messages/events/`,
      payload: 'sound',
      qos: 1,
      messageId: 3,
    });
    client.sendBytes(Buffer.concat([sound, Buffer.from([0, 0])]));
    assert.equal((await client.next()).cmd, 'puback');
    await client.closed;
    assert.equal((await hub.telemetry(device))[0].text, 'sound');
  });

  test('and so does a forbidden one, whatever comes with it in the frame', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const publish = (topic) => mqttPacket.generate({ cmd: 'publish', topic, payload: 'x', qos: 0 });
    const sound = publish(`devices/${device.deviceId}/messages/events/`);
    client.sendBytes(Buffer.concat([publish('forbidden'), sound]));
    await client.closed;
    assert.deepEqual((await hub.local(device, 'GET', '/telemetry')).messages, []);
  });

  test('also before CONNECT', async () => {
    const client = await RawClient.open(hub);
    client.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await assertCloses(client, /^a connection: closed, malformed packet/);
  });
});

describe('a device has one connection', () => {
  test('and the newcomer wins', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    const second = await MqttClient.connect(hub, device);
    await first.closed;
    await hub.logged(new RegExp(`^${device.deviceId}: closed, another connection`));
    await second.publish(`devices/${device.deviceId}/messages/events/`, 'alive');
    const state = await hub.local(device, 'GET', '');
    assert.equal(state.connected, true);
    assert.equal(state.connections, 2);
    await second.end();
  });

  test('which a refused newcomer does not disturb', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    const second = await RawClient.connect(hub, device, { password: 'wrong' });
    await second.closed;
    await first.publish(`devices/${device.deviceId}/messages/events/`, 'alive');
    assert.equal((await hub.local(device, 'GET', '')).connections, 1);
    await first.end();
  });
});

describe('a session', () => {
  const FILTER = '$iothub/methods/POST/#';
  const subscriptions = async (device) => (await hub.local(device, 'GET', '')).subscriptions;

  test('is kept with clean session 0, and CONNACK says so', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    assert.equal(first.connack.sessionPresent, false);
    await first.subscribe(FILTER);
    await first.end();
    assert.deepEqual(await subscriptions(device), [FILTER]);
    const second = await MqttClient.connect(hub, device);
    assert.equal(second.connack.sessionPresent, true);
    assert.deepEqual(await subscriptions(device), [FILTER]);
    await second.end();
  });

  test('is forgotten by clean session 1', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    await first.subscribe(FILTER);
    await first.end();
    const second = await MqttClient.connect(hub, device, { clean: true });
    assert.equal(second.connack.sessionPresent, false);
    assert.deepEqual(await subscriptions(device), []);
    await second.subscribe(FILTER);
    await second.end();
    assert.deepEqual(await subscriptions(device), []);
    const third = await MqttClient.connect(hub, device);
    assert.equal(third.connack.sessionPresent, false);
    assert.deepEqual(await subscriptions(device), []);
    await third.end();
  });
});

describe('SUBSCRIBE', () => {
  const documented = (deviceId) => [
    `devices/${deviceId}/messages/devicebound/#`,
    'devices/+/messages/devicebound/#',
    '$iothub/methods/POST/#',
    '$iothub/twin/res/#',
    '$iothub/twin/PATCH/properties/desired/#',
  ];

  test('grants the documented filters, QoS 2 as 1', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    for (const [index, topic] of documented(device.deviceId).entries()) {
      const qos = index % 3;
      client.send({ cmd: 'subscribe', messageId: index + 1, subscriptions: [{ topic, qos }] });
      const suback = await client.next();
      assert.equal(suback.messageId, index + 1);
      assert.deepEqual(suback.granted, [Math.min(qos, 1)]);
    }
    const state = await hub.local(device, 'GET', '');
    assert.deepEqual(state.subscriptions, documented(device.deviceId));
    await client.close();
  });

  test('of more than five filters closes the connection', async (t) => {
    await hub.set(t, { unknownFilter: 'grant' });
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const subscribe = (...filters) => {
      const subscriptions = filters.map((topic) => ({ topic, qos: 1 }));
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    };
    subscribe(...documented(device.deviceId));
    assert.equal((await client.next()).cmd, 'suback');
    subscribe('$iothub/twin/res/#');
    assert.equal((await client.next()).cmd, 'suback', 'it is one of the five');
    subscribe('sixth');
    await assertCloses(client, /closed, more than 5 subscriptions/);
  });

  test('of an unknown filter is granted when unknownFilter says so', async (t) => {
    await hub.set(t, { unknownFilter: 'grant', maxSubscriptions: 6 });
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    const filters = [...documented(device.deviceId), 'anything/+'];
    const subscriptions = filters.map((topic) => ({ topic, qos: 1 }));
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    assert.deepEqual((await client.next()).granted, [1, 1, 1, 1, 1, 1]);
    await client.close();
  });

  test('of any other filter closes the connection', async () => {
    for (const topic of [
      '#',
      'devices/someone-else/messages/devicebound/#',
      'devices/+/messages/events/#',
      '$iothub/methods/POST',
      '$iothub/twin/res/+',
    ]) {
      const subscribe = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] };
      await assertConnectedCloses(subscribe, /the hub has no topic filter/);
    }
  });

  test('ends with UNSUBSCRIBE', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.subscribe('$iothub/twin/res/#');
    await client.mqtt.unsubscribeAsync('$iothub/twin/res/#');
    assert.deepEqual((await hub.local(device, 'GET', '')).subscriptions, []);
    await client.end();
  });
});

test('PINGREQ is answered, and keeps the connection alive', async () => {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device, { keepalive: 2 });
  // Real time must pass here: without the pings, the connection would end after 3 seconds.
  for (let ping = 0; ping < 4; ping++) {
    await setTimeout(1000);
    client.send({ cmd: 'pingreq' });
    assert.equal((await client.next())?.cmd, 'pingresp');
  }
  await client.close();
});

test('DISCONNECT closes the connection', async () => {
  await assertConnectedCloses({ cmd: 'disconnect' }, /the device disconnected/);
});
