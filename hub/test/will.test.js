import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();

const eventsOf = ({ deviceId, moduleId }) =>
  moduleId === undefined
    ? `devices/${deviceId}/messages/events/`
    : `devices/${deviceId}/modules/${moduleId}/messages/events/`;

const willOf = (device, changes) => ({
  topic: `${eventsOf(device)}place=here&%24.ct=text%2Fplain`,
  payload: Buffer.from('gone'),
  qos: 1,
  retain: false,
  ...changes,
});

/** Connects with a will, ends the connection in some way, and returns the result of the will. */
async function willAfter(end, changes, device) {
  const identity = device ?? (await hub.createDevice());
  const will = willOf(identity, changes);
  const client = await RawClient.connect(hub, identity, { will, keepalive: 1 });
  await end(client, identity);
  const [message] = await hub.telemetry(identity);
  return message;
}

const drop = (client) => client.close();

describe('a will is stored as telemetry', () => {
  const ends = {
    'when the connection is lost': drop,
    'when the keep alive has passed': (client) => client.closed,
    'at a protocol error': (client) => client.send({ cmd: 'publish', topic: 'x', qos: 0 }),
    'when another connection comes': async (client, device) => {
      await (await RawClient.connect(hub, device)).close();
    },
    'when the hub drops the connection': (client, device) =>
      hub.local(device, 'POST', '/disconnect?how=reset'),
  };
  for (const [when, end] of Object.entries(ends)) {
    test(when, async () => {
      const { text, properties, systemProperties } = await willAfter(end);
      assert.equal(text, 'gone');
      assert.deepEqual(properties, { place: 'here', 'iothub-MessageType': 'Will' });
      assert.deepEqual(systemProperties, { contentType: 'text/plain' });
    });
  }

  test('marked when it should be retained', async () => {
    const { properties } = await willAfter(drop, { retain: true });
    assert.equal(properties['mqtt-retain'], 'true');
  });

  test('of a module', async () => {
    const module = await hub.createModule();
    const { text } = await willAfter(drop, {}, module);
    assert.equal(text, 'gone');
  });
});

describe('a will is not stored', () => {
  /** The telemetry after the time of the will, which a marker proves. */
  async function storedAfter(device, end, changes) {
    const will = willOf(device, changes);
    const client = await RawClient.connect(hub, device, { will });
    await end(client);
    await client.closed;
    const next = await MqttClient.connect(hub, device);
    await next.publish(eventsOf(device), 'marker');
    await next.end();
    return (await hub.telemetry(device)).map(({ text }) => text);
  }

  test('after DISCONNECT', async () => {
    const device = await hub.createDevice();
    const end = (client) => client.send({ cmd: 'disconnect' });
    assert.deepEqual(await storedAfter(device, end), ['marker']);
  });

  test('when its topic is not for telemetry, but the device still connects', async () => {
    for (const topic of [
      'devices/someone-else/messages/events/',
      'last/words',
      '$iothub/twin/GET/?$rid=1',
    ]) {
      const device = await hub.createDevice();
      assert.deepEqual(await storedAfter(device, drop, { topic }), ['marker']);
      await hub.logged(new RegExp(`^${device.deviceId}: its will is ignored`));
    }
    const device = await hub.createDevice();
    const topic = `${eventsOf(device)}a=b=c`;
    assert.deepEqual(await storedAfter(device, drop, { topic }), ['marker']);
  });

  test('when CONNECT is refused', async () => {
    const device = await hub.createDevice();
    const will = willOf(device);
    const client = await RawClient.connect(hub, device, { will, password: 'wrong' });
    await client.closed;
    assert.deepEqual((await hub.local(device, 'GET', '/telemetry')).messages, []);
  });
});
