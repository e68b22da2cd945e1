import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startHub } from '../src/index.js';
import { EventStream } from './support/event-stream.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { within } from './support/within.js';

const hub = new TestHub();

const topicOf = ({ deviceId, moduleId }) =>
  `devices/${deviceId}${moduleId ? `/modules/${moduleId}` : ''}/messages/events/`;
const streamOf = ({ deviceId }) => `/local/devices/${deviceId}/telemetry/stream`;

async function connect(t, device) {
  const client = await MqttClient.connect(hub, device);
  t.after(() => client.end());
  return { device, send: (text) => client.publish(topicOf(device), text) };
}

async function open(t, path, headers) {
  const stream = await EventStream.open(hub, path, headers);
  t.after(() => stream.close());
  return stream;
}

describe('the telemetry stream of a device', () => {
  test('has the messages that arrive while it is open, as in the history', async (t) => {
    const { device, send } = await connect(t, await hub.createDevice());
    await send('before');
    const stream = await open(t, streamOf(device));
    assert.equal(stream.headers.get('content-type'), 'text/event-stream');
    for (const text of ['first', 'second\nline\r\n\r\ndata: no event', '{"ü":"\u2028"}']) {
      await send(text);
      const { data } = await stream.next();
      assert.equal(data.text, text);
      assert.deepEqual(data, (await hub.telemetry(device, 1, data.sequence - 1))[0]);
    }
  });

  test('continues where a reader was disconnected', async (t) => {
    const { device, send } = await connect(t, await hub.createDevice());
    const stream = await open(t, streamOf(device));
    for (const text of ['a', 'b', 'c']) await send(text);
    const { id } = await stream.next();
    await stream.close();
    await send('d');
    const next = await open(t, streamOf(device), { 'last-event-id': id });
    for (const text of ['b', 'c', 'd']) assert.equal((await next.next()).data.text, text);
  });

  test('begins with all messages when the position is from another stream', async (t) => {
    const { device, send } = await connect(t, await hub.createDevice());
    await send('a');
    for (const id of ['ffffffff-7', '1', 'x']) {
      const stream = await open(t, streamOf(device), { 'last-event-id': id });
      assert.equal((await stream.next()).data.text, 'a', id);
    }
  });

  test('begins after the given number', async (t) => {
    const { device, send } = await connect(t, await hub.createDevice());
    for (const text of ['a', 'b']) await send(text);
    const stream = await open(t, `${streamOf(device)}?after=1`);
    assert.equal((await stream.next()).data.text, 'b');
  });

  test('has nothing of other devices, and is 404 for an unknown one', async (t) => {
    const mine = await connect(t, await hub.createDevice());
    const other = await connect(t, await hub.createDevice());
    const stream = await open(t, streamOf(mine.device));
    await other.send('other');
    await mine.send('mine');
    assert.equal((await stream.next()).data.text, 'mine');
    assert.equal((await hub.call('GET', streamOf({ deviceId: 'nobody' }))).status, 404);
  });
});

describe('the telemetry stream of all devices', () => {
  const ALL = '/local/telemetry/stream';

  test('has the messages of devices and modules, those to come as well, in order', async (t) => {
    const first = await connect(t, await hub.createDevice());
    const stream = await open(t, ALL);
    const second = await connect(t, await hub.createModule());
    await first.send('one');
    await second.send('two');
    await first.send('three');
    const events = [await stream.next(), await stream.next(), await stream.next()];
    assert.deepEqual(
      events.map(({ data }) => [data.deviceId, data.moduleId, data.sequence, data.text]),
      [
        [first.device.deviceId, undefined, 1, 'one'],
        [second.device.deviceId, 'm1', 1, 'two'],
        [first.device.deviceId, undefined, 2, 'three'],
      ],
    );
    const again = await open(t, ALL, { 'last-event-id': events[0].id });
    assert.deepEqual(await again.next(), events[1]);
  });
});

test('10,000 messages arrive without loss at a slow reader', async (t) => {
  const { device, send } = await connect(t, await hub.createDevice());
  const stream = await open(t, streamOf(device));
  const count = 10_000;
  await Promise.all(Array.from({ length: count }, (_, index) => send(`${index}`)));
  for (let index = 0; index < count; index++) {
    assert.equal((await stream.next()).data.text, `${index}`);
  }
});

test('a stream ends with its hub', async () => {
  const other = await startHub({ devices: ['d'] });
  const response = await fetch(`${other.url}/local/telemetry/stream`, {
    headers: { authorization: other.authorization() },
  });
  const ended = response.text().then(
    () => 'ended',
    () => 'cut',
  );
  await other.close();
  assert.match(await within(ended, 'the end of the stream'), /ended|cut/);
});
