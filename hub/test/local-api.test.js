import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub();

const eventsOf = ({ deviceId }) => `devices/${deviceId}/messages/events/`;
const publish = (device, messageId, fields = {}) => ({
  cmd: 'publish',
  topic: eventsOf(device),
  payload: `message ${messageId}`,
  qos: 1,
  messageId,
  ...fields,
});

describe('PUT /local/devices/{device}', () => {
  test('creates the device once and returns what a client needs', async () => {
    const first = await hub.json('PUT', '/local/devices/made');
    assert.deepEqual(first, {
      deviceId: 'made',
      primaryKey: first.primaryKey,
      connectionString: `HostName=${hub.hostname};DeviceId=made;SharedAccessKey=${first.primaryKey}`,
      endpoint: hub.endpoint,
    });
    assert.deepEqual(await hub.json('PUT', '/local/devices/made'), first);
    const { authentication } = await hub.json('GET', '/devices/made');
    assert.equal(authentication.symmetricKey.primaryKey, first.primaryKey);
  });
});

describe('GET /local/devices/{device}', () => {
  test('returns connection, subscriptions and pending messages', async () => {
    const device = await hub.createDevice();
    assert.deepEqual(await hub.local(device, 'GET', ''), {
      connected: false,
      connections: 0,
      subscriptions: [],
      pendingMessages: 0,
    });
    const client = await MqttClient.connect(hub, device);
    await client.subscribe('$iothub/methods/POST/#');
    await hub.sendToDevice(device, { body: 'x' });
    assert.deepEqual(await hub.local(device, 'GET', ''), {
      connected: true,
      connections: 1,
      subscriptions: ['$iothub/methods/POST/#'],
      pendingMessages: 1,
    });
    await client.end();
  });

  test('is 404 for an unknown device, as all calls below it are', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/telemetry'],
      ['GET', '/packets'],
      ['POST', '/disconnect'],
      ['POST', '/faults'],
    ]) {
      const body = path === '/faults' ? {} : undefined;
      const answer = await hub.call(method, `/local/devices/nobody${path}`, body);
      assert.equal(answer.status, 404);
      assert.equal(answer.headers.get('iothub-errorcode'), 'DeviceNotFound');
    }
  });
});

describe('GET .../telemetry', () => {
  test('waits until enough messages are there', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const pending = hub.telemetry(device, 3);
    for (const text of ['a', 'b', 'c']) await client.publish(eventsOf(device), text);
    assert.deepEqual(
      (await pending).map(({ text }) => text),
      ['a', 'b', 'c'],
    );
    await client.end();
  });

  test('skips what was read, and counts later entries', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    for (const text of ['a', 'b', 'c']) await client.publish(eventsOf(device), text);
    const numbers = (await hub.telemetry(device, 1, 1)).map(({ sequence }) => sequence);
    assert.deepEqual(numbers, [2, 3]);
    const pending = hub.telemetry(device, 1, 3);
    await client.publish(eventsOf(device), 'd');
    assert.deepEqual(
      (await pending).map(({ sequence, text }) => [sequence, text]),
      [[4, 'd']],
    );
    await client.end();
  });

  test('returns the existing entries when the wait is over', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.publish(eventsOf(device), 'a');
    const query = '/telemetry?count=2&timeout=0.2';
    const { messages } = await hub.local(device, 'GET', query);
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['a'],
    );
    await client.end();
  });

  test('refuses invalid numbers', async () => {
    const device = await hub.createDevice();
    for (const query of ['after=-1', 'after=x', 'count=0', 'timeout=soon']) {
      const path = `/local/devices/${device.deviceId}/telemetry?${query}`;
      assert.equal((await hub.call('GET', path)).status, 400, query);
    }
  });
});

describe('GET .../packets', () => {
  test('shows all packets of all connections, without secrets', async () => {
    const device = await hub.createDevice();
    for (const text of ['first', 'second']) {
      const client = await RawClient.connect(hub, device);
      client.send(publish(device, 7, { payload: text }));
      await client.next();
      client.send({ cmd: 'disconnect' });
      await client.closed;
    }
    const packets = await hub.packets(device, 'count=10');
    assert.deepEqual(
      packets.map(({ sequence, connection, direction, frame, cmd }) => [
        sequence,
        connection,
        direction,
        frame,
        cmd,
      ]),
      [
        [1, 1, 'in', 1, 'connect'],
        [2, 1, 'out', 1, 'connack'],
        [3, 1, 'in', 2, 'publish'],
        [4, 1, 'out', 2, 'puback'],
        [5, 1, 'in', 3, 'disconnect'],
        [6, 2, 'in', 1, 'connect'],
        [7, 2, 'out', 1, 'connack'],
        [8, 2, 'in', 2, 'publish'],
        [9, 2, 'out', 2, 'puback'],
        [10, 2, 'in', 3, 'disconnect'],
      ],
    );
    const [connect, connack, sent] = packets;
    assert.equal(connect.clientId, device.deviceId);
    assert.equal(connect.keepalive, 60);
    assert.equal(connect.clean, false);
    assert.equal(
      connect.password.sr,
      encodeURIComponent(`${hub.hostname}/devices/${device.deviceId}`),
    );
    assert.match(connect.password.se, /^\d+$/);
    assert.doesNotMatch(JSON.stringify(packets), /sig|SharedAccess/);
    assert.equal(connack.returnCode, 0);
    assert.equal(sent.payload, Buffer.from('first').toString('base64'));
    assert.equal(sent.topic, eventsOf(device));
    assert.equal(sent.messageId, 7);
    assert.ok(Date.parse(sent.time) > 0);
  });

  test('shows refused connections', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device, { password: 'no token, but a secret' });
    await client.closed;
    const packets = await hub.packets(device, 'count=2');
    assert.deepEqual(
      packets.map(({ cmd }) => cmd),
      ['connect', 'connack'],
    );
    assert.equal(packets[1].returnCode, 5);
    assert.doesNotMatch(JSON.stringify(packets), /secret/);
  });

  test('shows which packets shared a frame', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const [{ frame: before }] = await hub.packets(device, 'type=connect');
    await client.publish(eventsOf(device), 'x');
    const [{ frame }] = await hub.packets(device, 'type=publish&direction=in');
    assert.ok(frame > before);
    await client.end();
  });

  test('can be chosen by type and direction, and waited for', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    const pending = hub.packets(device, 'type=publish&direction=out');
    await client.subscribe('$iothub/twin/res/#');
    await client.publish('$iothub/twin/GET/?$rid=1');
    const packets = await pending;
    assert.deepEqual(
      packets.map(({ topic }) => topic),
      ['$iothub/twin/res/200/?$rid=1'],
    );
    const body = JSON.parse(Buffer.from(packets[0].payload, 'base64'));
    assert.deepEqual(body, { desired: { $version: 1 }, reported: { $version: 1 } });
    await client.end();
  });
});

describe('GET .../connections', () => {
  test('returns how each connection was opened, and why it ended', async () => {
    const device = await hub.createDevice();
    const refused = await RawClient.connect(hub, device, { password: 'secret' });
    await refused.closed;
    const url = `${hub.endpoint}?iothub-no-client-cert=true&x=1`;
    const client = await RawClient.open(hub, { url, protocol: ['other', 'MQTT'] });
    client.send(connectPacket(hub, device));
    await client.next();
    const common = { secure: false, clientCertificate: false };
    const read = async (query) =>
      (await hub.local(device, 'GET', `/connections${query}`)).connections;
    const [first, second] = await read('?count=2&timeout=30');
    assert.deepEqual(first, {
      connection: 1,
      url: '/$iothub/websocket',
      protocol: 'mqtt',
      ...common,
      accepted: false,
      closedBecause: first.closedBecause,
    });
    assert.match(first.closedBecause, /^refused with CONNACK 5, .*not a SAS token/);
    const open = {
      connection: 2,
      url: '/$iothub/websocket?iothub-no-client-cert=true&x=1',
      protocol: 'MQTT',
      ...common,
      accepted: true,
      closedBecause: null,
    };
    assert.deepEqual(second, open);
    await hub.local(device, 'POST', '/disconnect');
    await client.closed;
    assert.deepEqual(await read('?after=1'), [
      { ...open, closedBecause: 'by a call to the local API' },
    ]);
  });

  test('is empty before the first, and can be waited for', async () => {
    const device = await hub.createDevice();
    assert.deepEqual((await hub.local(device, 'GET', '/connections')).connections, []);
    const pending = hub.local(device, 'GET', '/connections?timeout=30');
    const client = await RawClient.connect(hub, device);
    assert.deepEqual(
      (await pending).connections.map(({ connection }) => connection),
      [1],
    );
    await client.close();
  });
});

describe('POST .../disconnect', () => {
  test('closes the WebSocket', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    assert.deepEqual(await hub.local(device, 'POST', '/disconnect'), { dropped: true });
    assert.equal(await client.closed, 1005, 'a Close frame came');
    assert.equal((await hub.local(device, 'GET', '')).connected, false);
  });

  test('resets the TCP connection', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.local(device, 'POST', '/disconnect?how=reset');
    assert.equal((await client.socketError).code, 'ECONNRESET');
    assert.equal(await client.closed, 1006, 'no Close frame came');
  });

  test('says when there was nothing to drop', async () => {
    const device = await hub.createDevice();
    assert.deepEqual(await hub.local(device, 'POST', '/disconnect'), { dropped: false });
  });

  test('refuses other ways', async () => {
    const { deviceId } = await hub.createDevice();
    const { status } = await hub.call('POST', `/local/devices/${deviceId}/disconnect?how=gently`);
    assert.equal(status, 400);
  });
});

describe('a fault', () => {
  /** Proves that nothing else was sent before: the next packet is the response to a ping. */
  async function assertNextIsPingresp(client) {
    client.send({ cmd: 'pingreq' });
    assert.equal((await client.next()).cmd, 'pingresp');
  }

  test('withholds PUBACK of a message that is stored, until it is cleared', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.fault(device, { withhold: ['puback'] });
    client.send(publish(device, 1));
    await assertNextIsPingresp(client);
    assert.equal((await hub.telemetry(device)).length, 1);
    await hub.fault(device, { clear: true });
    client.send(publish(device, 2));
    assert.equal((await client.next()).messageId, 2);
    await client.close();
  });

  test('withholds SUBACK of a subscription that still works', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.fault(device, { withhold: ['suback'] });
    const filter = { topic: '$iothub/twin/res/#', qos: 0 };
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    client.send({ cmd: 'publish', topic: '$iothub/twin/GET/?$rid=1', payload: '', qos: 0 });
    assert.equal((await client.next()).topic, '$iothub/twin/res/200/?$rid=1');
    await client.close();
  });

  test('withholds the answer to a twin request, not its PUBACK', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.subscribe('$iothub/twin/res/#');
    await hub.fault(device, { withhold: ['twin'] });
    await client.publish('$iothub/twin/PATCH/properties/reported/?$rid=1', '{"a":1}');
    await hub.fault(device, { clear: true });
    await client.publish('$iothub/twin/GET/?$rid=2');
    const { topic, text } = await client.next();
    assert.equal(topic, '$iothub/twin/res/200/?$rid=2');
    assert.equal(JSON.parse(text).reported.a, 1);
    await client.end();
  });

  test('withholds PINGRESP', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.connect(hub, device);
    await hub.fault(device, { withhold: ['pingresp'] });
    client.send({ cmd: 'pingreq' });
    client.send(publish(device, 1));
    assert.equal((await client.next()).cmd, 'puback');
    await client.close();
  });

  test('withholds CONNACK, and such a connection is not an accepted one', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { withhold: ['connack'] });
    const waiting = RawClient.connect(hub, device);
    await hub.packets(device, 'type=connect');
    const state = await hub.local(device, 'GET', '');
    assert.equal(state.connected, false);
    assert.equal(state.connections, 0);
    assert.deepEqual(await hub.local(device, 'POST', '/disconnect'), { dropped: true });
    const client = await waiting;
    assert.equal(client.connack, undefined);
    assert.equal((await hub.packets(device, 'type=connect')).length, 1);
  });

  test('refuses every CONNECT with a code until it is cleared', async () => {
    const device = await hub.createDevice();
    for (const code of [1, 2, 3, 4, 5]) {
      await hub.fault(device, { connack: code });
      for (let attempt = 0; attempt < 2; attempt++) {
        const client = await RawClient.connect(hub, device);
        assert.equal(client.connack.returnCode, code);
        await client.closed;
      }
    }
    await hub.fault(device, { clear: true });
    const client = await RawClient.connect(hub, device);
    assert.equal(client.connack.returnCode, 0);
    await client.close();
  });

  test('adds to the active ones, and the response lists them', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { withhold: ['puback'] });
    assert.deepEqual(await hub.fault(device, { withhold: ['twin'], connack: 3 }), {
      withhold: ['puback', 'twin'],
      connack: 3,
    });
    assert.deepEqual(await hub.fault(device, { clear: true, withhold: ['suback'] }), {
      withhold: ['suback'],
    });
  });

  test('that does not exist is refused', async () => {
    const { deviceId } = await hub.createDevice();
    for (const fault of [{ withhold: ['everything'] }, { connack: 0 }, { connack: 6 }, { no: 1 }]) {
      const { status } = await hub.call('POST', `/local/devices/${deviceId}/faults`, fault);
      assert.equal(status, 400);
    }
  });
});
