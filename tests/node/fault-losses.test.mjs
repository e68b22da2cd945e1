/** docs/FAULTS.md: connections that end or fall silent, and what must not be lost or come twice. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { startHub } from 'iothub-local';

import { BackEnd } from '../../scripts/start/back-end.mjs';
import {
  WatchedDevice,
  createListening,
  faultTest,
  isError,
  isReplaced,
} from './faults/watched.mjs';
import {
  ConnectionDroppedError,
  CredentialError,
  Message,
  createClient,
  createDevice,
  createPair,
  deferred,
  roundTrip,
  runProgram,
} from './support.mjs';

for (const [how, title] of [
  ['reset', 'a reset of the connection is reported, and everything continues'],
  ['close', 'a close of the connection is reported, and everything continues'],
]) {
  faultTest(title, async (t) => {
    const device = await createListening(t);
    const { client, backEnd } = device;
    await backEnd.setFaults({ withhold: ['puback', 'twin'] });
    const calls = [
      client.sendMessage('in flight'),
      client.getTwin(),
      client.patchTwinReportedProperties({ a: 1 }),
    ];
    await backEnd.waitForPackets('publish', 'in', 4);
    await backEnd.setFaults({ clear: true });
    await backEnd.drop(how);
    isError(await device.errors.take(), ConnectionDroppedError, /connection was lost/);
    await Promise.all(calls);
    await device.assertWorks();
    assert.deepEqual(device.states, [true, false, true]);
    assert.equal(device.errors.all.length, 1);
  });
}

/** Waits for the first error whose message contains this text. */
async function errorWith({ errors }, words) {
  for (;;) {
    const error = await errors.take();
    if (words.test(error.message)) return error;
  }
}

/** A hub with only this device. */
async function startHubWith({ port = 0, deviceId, primaryKey }) {
  const symmetricKey = { primaryKey, secondaryKey: primaryKey };
  const authentication = { type: 'sas', symmetricKey };
  return startHub({ port, devices: [{ deviceId, authentication }] });
}

faultTest('everything is received again from a hub that has lost the session', async (t) => {
  const { deviceId, primaryKey } = await createDevice();
  const before = await startHubWith({ deviceId, primaryKey });
  const { endpoint, url } = before;
  const [{ connectionString }] = before.devices;
  const client = createClient(t, { connectionString, endpoint });
  const device = new WatchedDevice(client, await BackEnd.createDevice(before, deviceId), before);
  await device.assertWorks();
  await before.close();
  isError(await device.errors.take(), ConnectionDroppedError, /connection was lost/);
  await errorWith(device, /ECONNREFUSED/);

  const port = Number(new URL(url).port);
  const after = await startHubWith({ port, deviceId, primaryKey });
  t.after(() => after.close());
  const backEnd = await BackEnd.createDevice(after, deviceId);
  const again = new WatchedDevice(client, backEnd, after);
  Object.assign(again, { messages: device.messages, patches: device.patches });
  await again.assertWorks();
});

// The client notices silence only after seconds.
describe('silence', { concurrency: true }, () => {
  faultTest('a half-open connection is detected, and everything continues', async (t) => {
    const device = await createListening(t, { keepAlive: 1 });
    await device.backEnd.setFaults({ halfOpen: true });
    const sent = device.client.sendMessage('into the void');
    isError(await device.errors.take(), ConnectionDroppedError, /a ping was not answered in time/);
    await sent;
    // The hub that reads nothing has not seen the end of that connection.
    await device.assertWorks({ replaced: 1 });
    assert.deepEqual(device.states, [true, false, true]);
  });

  faultTest('half a packet ends the connection, and everything continues', async (t) => {
    const device = await createListening(t, { keepAlive: 1 });
    await device.backEnd.setFaults({ send: '32ff7f0001' });
    const sent = device.client.sendMessage('acknowledged unheard');
    isError(await device.errors.take(), ConnectionDroppedError, /connection was lost/);
    await sent;
    await device.assertWorks();
    assert.deepEqual(device.states, [true, false, true]);
  });
});

faultTest('a wrong clock is a CredentialError that names the clock', async (t) => {
  const device = await createListening(t, { sasTokenTtl: 600 });
  await device.backEnd.setFaults({ clock: 3600 });
  isError(await device.errors.take(), ConnectionDroppedError, /connection was lost/);
  isError(await device.errors.take(), CredentialError, /clock is not more than/);
  assert.equal(device.client.connectionState, 'disconnected');
  await device.backEnd.setFaults({ clear: true });
  await device.assertWorks();
  assert.deepEqual(device.states, [true, false, true]);
});

faultTest('two clients of one device get an error that names a second client', async (t) => {
  const device = await createListening(t);
  const second = createClient(t, device.backEnd);
  second.onBackgroundException = () => {};
  await second.connect();
  const error = await errorWith(device, /probably a second client uses this device id/);
  assert.equal(error.constructor, ConnectionDroppedError);
  await second.shutdown();
  await device.client.sendMessage('alone again');
  const replaced = (await device.ends()).filter(isReplaced).length;
  await device.assertWorks({ replaced });
});

faultTest('a message that is resent, immediately or later, is delivered once', async (t) => {
  const device = await createListening(t);
  const { client, backEnd } = device;
  await backEnd.setFaults({ duplicate: true });
  await backEnd.sendMessage({ body: 'once' });
  await device.messages.take();
  await roundTrip(client);
  await backEnd.setFaults({ clear: true, redeliver: {} });
  await device.assertWorks();
  assert.deepEqual(
    device.messages.all.map((message) => message.text()),
    ['once', 'it works'],
  );
  const deliveries = await backEnd.packets({ type: 'publish', direction: 'out' });
  const sent = deliveries.filter(({ topic }) => topic.includes('/devicebound/'));
  assert.deepEqual(
    sent.map(({ dup }) => dup),
    [false, true, true, false],
  );
  assert.deepEqual(device.errors.all, []);
});

faultTest('a message that makes the hub close is given up, and later ones arrive', async (t) => {
  const strictHub = await startHub({ settings: { expiryInTelemetry: 'close' } });
  t.after(() => strictHub.close());
  const backEnd = await BackEnd.createDevice(strictHub, 'device');
  const device = new WatchedDevice(createClient(t, backEnd), backEnd, strictHub);
  const { client } = device;
  device.listen();
  await client.connect();

  const message = new Message('refused');
  message.expiryTimeUtc = new Date(Date.now() + 60_000).toISOString();
  const words = /three times .* closes the connection if it refuses/;
  const refused = assert.rejects(client.sendMessage(message), (error) =>
    isError(error, ConnectionDroppedError, words),
  );
  await Promise.all(['1', '2', '3'].map((text) => client.sendMessage(text)));
  await refused;
  const texts = (await backEnd.telemetry()).map(({ text }) => text);
  assert.deepEqual(texts, ['1', '2', '3']);
  await device.assertWorks();
  assert.deepEqual(device.states, [true, false, true, false, true, false, true]);
});

faultTest('with "after-handler" a process that dies in its handler loses nothing', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onMessageReceived = () => {};
  await client.connect();
  await client.shutdown();
  await backEnd.sendMessage({ body: 'precious' });
  await runProgram(
    t,
    backEnd,
    `const client = createClient({ acknowledgeMessages: 'after-handler' });
     client.onMessageReceived = () => process.exit();
     await new Promise(() => {});`,
  );
  const device = new WatchedDevice(createClient(t, backEnd), backEnd);
  device.listen();
  assert.equal((await device.messages.take()).text(), 'precious');
  await device.assertWorks();
});

faultTest(
  'with "after-handler" a message is redelivered after a drop while the handler works',
  async (t) => {
    const device = await createListening(t, { acknowledgeMessages: 'after-handler' });
    const { client, backEnd } = device;
    const work = deferred();
    client.onMessageReceived = (message) => {
      device.messages.put(message);
      return device.messages.all.length === 1 ? work.promise : undefined;
    };
    await backEnd.sendMessage({ body: 'precious' });
    assert.equal((await device.messages.take()).text(), 'precious');
    await backEnd.drop();
    isError(await device.errors.take(), ConnectionDroppedError, /connection was lost/);
    work.resolve();
    assert.equal((await device.messages.take()).text(), 'precious');
    await device.assertWorks();
  },
);
