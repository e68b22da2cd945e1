import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub({ https: true });

const eventsOf = ({ deviceId }) => `devices/${deviceId}/messages/events/`;
const publish = (device, messageId) => ({
  cmd: 'publish',
  topic: eventsOf(device),
  payload: `message ${messageId}`,
  qos: 1,
  messageId,
});
const twinFilter = { topic: '$iothub/twin/res/#', qos: 0 };
const subscribe = { cmd: 'subscribe', messageId: 9, subscriptions: [twinFilter] };
const twinGet = { cmd: 'publish', topic: '$iothub/twin/GET/?$rid=1', payload: '', qos: 0 };

const texts = async (device) =>
  (await hub.local(device, 'GET', '/telemetry')).messages.map(({ text }) => text);

/** Reads to the end of the connection; returns the types of the packets. */
async function rest(client) {
  const types = [];
  for (let packet; (packet = await client.next());) types.push(packet.cmd);
  return types;
}

describe('dropAt', () => {
  const steps = {
    publish: [(device) => publish(device, 1), []],
    puback: [(device) => publish(device, 1), ['message 1']],
    subscribe: [() => subscribe, []],
    suback: [() => subscribe, []],
    unsubscribe: [() => ({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['x'] }), []],
    unsuback: [() => ({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['x'] }), []],
    pingreq: [() => ({ cmd: 'pingreq' }), []],
    pingresp: [() => ({ cmd: 'pingreq' }), []],
    twin: [() => twinGet, []],
    disconnect: [() => ({ cmd: 'disconnect' }), []],
  };
  for (const [step, [packetOf, stored]] of Object.entries(steps)) {
    test(`${step} drops the connection there, once`, async () => {
      const device = await hub.createDevice();
      await hub.fault(device, { dropAt: step });
      const client = await RawClient.connect(hub, device);
      client.send(packetOf(device));
      assert.deepEqual(await rest(client), []);
      await hub.logged(new RegExp(`^${device.deviceId}: closed, dropped at ${step}, `));
      assert.deepEqual(await texts(device), stored);
      const next = await RawClient.connect(hub, device);
      next.send(publish(device, 2));
      assert.equal((await next.next()).cmd, 'puback');
      await next.close();
    });
  }

  for (const step of ['connect', 'connack']) {
    test(`${step} drops the connection before CONNACK, once`, async () => {
      const device = await hub.createDevice();
      await hub.fault(device, { dropAt: step });
      const client = await RawClient.open(hub);
      client.send(connectPacket(hub, device));
      assert.deepEqual(await rest(client), []);
      const next = await RawClient.connect(hub, device);
      assert.equal(next.connack.returnCode, 0);
      assert.equal(next.connack.sessionPresent, step === 'connack');
      await next.close();
    });
  }

  test('counts, and says how many are left', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { dropAt: { step: 'publish', count: 3 } });
    const client = await RawClient.connect(hub, device);
    for (const id of [1, 2]) client.send(publish(device, id));
    assert.equal((await client.next()).messageId, 1);
    assert.equal((await client.next()).messageId, 2);
    const { dropAt } = await hub.fault(device, {});
    assert.deepEqual(dropAt, { step: 'publish', count: 1, how: 'close' });
    client.send(publish(device, 3));
    assert.deepEqual(await rest(client), []);
    assert.deepEqual(await texts(device), ['message 1', 'message 2']);
    assert.deepEqual(await hub.fault(device, {}), {});
  });
});

describe('a reset', () => {
  const secure = () => ({ url: hub.started.secureEndpoint, ca: hub.started.ca });
  for (const [transport, options] of [
    ['TCP', () => ({})],
    ['TLS', secure],
  ]) {
    test(`of a ${transport} connection is one for the client, too`, async () => {
      const device = await hub.createDevice();
      for (const drop of [
        () => hub.local(device, 'POST', '/disconnect?how=reset'),
        async (client) => {
          await hub.fault(device, { dropAt: { step: 'pingreq', how: 'reset' } });
          client.send({ cmd: 'pingreq' });
        },
      ]) {
        const client = await RawClient.open(hub, options());
        client.send(connectPacket(hub, device));
        await client.next();
        await drop(client);
        assert.equal((await client.socketError).code, 'ECONNRESET');
        assert.equal(await client.closed, 1006);
      }
    });

    test(`refuses upgrades over ${transport}, until it is cleared`, async (t) => {
      await hub.faultAll(t, { refuseUpgrade: 'reset' });
      await assert.rejects(RawClient.open(hub, options()), { code: 'ECONNRESET' });
      await hub.json('POST', '/local/hub/faults', { clear: true });
      const client = await RawClient.open(hub, options());
      await client.close();
    });
  }
});

describe('connections of all devices are refused', () => {
  test('by 503 until it is cleared', async (t) => {
    assert.deepEqual(await hub.faultAll(t, { refuseUpgrade: true }), { refuseUpgrade: 'http' });
    await assert.rejects(RawClient.open(hub), /503/);
    assert.deepEqual(await hub.json('POST', '/local/hub/faults', { clear: true }), {});
    const client = await RawClient.open(hub);
    await client.close();
  });

  test('by CONNACK', async (t) => {
    await hub.faultAll(t, { connack: 3 });
    await assert.rejects(MqttClient.connect(hub, await hub.createDevice()), /Server unavailable/);
  });

  test('for a time', async (t) => {
    await hub.faultAll(t, { refuseUpgrade: true, forSeconds: 0.3 });
    await assert.rejects(RawClient.open(hub), /503/);
    const open = () => RawClient.open(hub).catch(open);
    const client = await open();
    await client.close();
  });

  test('unless the fault is wrong', async () => {
    for (const fault of [{ refuseUpgrade: 'no' }, { connack: 6 }, { withhold: ['puback'] }]) {
      const { status } = await hub.call('POST', '/local/hub/faults', fault);
      assert.equal(status, 400, JSON.stringify(fault));
    }
  });
});
