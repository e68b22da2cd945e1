import assert from 'node:assert/strict';

import {
  Inbox,
  Message,
  createClient,
  createDevice,
  createPair,
  deferred,
  roundTrip,
  test,
} from './support.mjs';

/** A device that has subscribed to messages once, so that the hub queues them for it. */
async function createSubscribedDevice(t) {
  const backEnd = await createDevice();
  const client = createClient(t, backEnd);
  client.onMessageReceived = () => {};
  await client.connect();
  await client.shutdown();
  return backEnd;
}

/** A connected client whose messages arrive in an inbox. */
async function createReceiver(t, options) {
  const { client, backEnd } = await createPair(t, options);
  const messages = new Inbox('message');
  client.onMessageReceived = messages.put;
  await client.connect();
  return { client, backEnd, messages };
}

test('a message arrives with its body and all its properties', async (t) => {
  const { backEnd, messages } = await createReceiver(t);
  const expiryTimeUtc = new Date(Date.now() + 3_600_000).toISOString();
  const properties = {
    'a+b': '1 + 1',
    世界: '🌍 & = %',
    empty: '',
    nothing: null,
    'zero\0one\x01': '\0\x010\x011\x01',
  };
  await backEnd.sendMessage({
    body: 'Grüße',
    messageId: 'id+1',
    correlationId: 'c/1',
    userId: 'Zoë',
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    expiryTimeUtc,
    ack: 'full',
    properties,
  });
  const message = await messages.take();
  assert.ok(message instanceof Message);
  assert.ok(message.data instanceof Uint8Array);
  assert.equal(message.text(), 'Grüße');
  assert.equal(message.messageId, 'id+1');
  assert.equal(message.correlationId, 'c/1');
  assert.equal(message.userId, 'Zoë');
  assert.equal(message.contentType, 'text/plain');
  assert.equal(message.contentEncoding, 'utf-8');
  assert.equal(message.ack, 'full');
  assert.equal(+new Date(message.expiryTimeUtc), +new Date(expiryTimeUtc));
  assert.equal(Object.getPrototypeOf(message.customProperties), null);
  assert.deepEqual({ ...message.customProperties }, properties);
});

test('a body reads as text, JSON and bytes', async (t) => {
  const { backEnd, messages } = await createReceiver(t);
  await backEnd.sendMessage({ body: '{"lamp": "on"}' });
  await backEnd.sendMessage({ bodyBase64: Buffer.from([0, 255]).toString('base64') });
  const json = await messages.take();
  assert.deepEqual(json.json(), { lamp: 'on' });
  assert.equal(json.text(), '{"lamp": "on"}');
  const bytes = await messages.take();
  assert.deepEqual([...bytes.bytes()], [0, 255]);
  assert.throws(() => bytes.json());
});

test('messages arrive in the order in which they were sent, and are acknowledged', async (t) => {
  const { backEnd, messages } = await createReceiver(t);
  const bodies = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const body of bodies) await backEnd.sendMessage({ body });
  const arrived = [];
  while (arrived.length < bodies.length) arrived.push((await messages.take()).text());
  assert.deepEqual(arrived, bodies);
  await backEnd.waitForPackets('puback', 'in', bodies.length);
  assert.equal((await backEnd.state()).pendingMessages, 0);
});

test('messages queued while offline reach a handler set before connect', async (t) => {
  const backEnd = await createSubscribedDevice(t);
  await backEnd.sendMessage({ body: 'first' });
  await backEnd.sendMessage({ body: 'second' });
  const client = createClient(t, backEnd);
  const messages = new Inbox('message');
  client.onMessageReceived = messages.put;
  await client.connect();
  assert.equal((await messages.take()).text(), 'first');
  assert.equal((await messages.take()).text(), 'second');
  await backEnd.waitForPackets('puback', 'in', 2);
  assert.equal(messages.all.length, 2);
});

test('a message without a receiver is kept unacknowledged until a handler is set', async (t) => {
  const backEnd = await createSubscribedDevice(t);
  await backEnd.sendMessage({ body: 'kept' });
  const client = createClient(t, backEnd);
  await client.connect();
  await backEnd.waitForPackets('publish', 'out');
  await roundTrip(client);
  assert.deepEqual(await backEnd.packets({ type: 'puback', direction: 'in' }), []);

  const messages = new Inbox('message');
  client.onMessageReceived = messages.put;
  assert.equal((await messages.take()).text(), 'kept');
  await backEnd.waitForPackets('puback', 'in');
});

test('with "after-handler" a message is acknowledged when its handler has finished', async (t) => {
  const { client, backEnd } = await createPair(t, { acknowledgeMessages: 'after-handler' });
  const started = new Inbox('message');
  const work = deferred();
  client.onMessageReceived = (message) => {
    started.put(message);
    return work.promise;
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'work' });
  await started.take();
  await roundTrip(client);
  assert.deepEqual(await backEnd.packets({ type: 'puback', direction: 'in' }), []);
  work.resolve();
  await backEnd.waitForPackets('puback', 'in');
});

test('with "after-handler" acknowledgements keep the order of arrival', async (t) => {
  const { client, backEnd } = await createPair(t, { acknowledgeMessages: 'after-handler' });
  const started = new Inbox('message');
  const work = { first: deferred(), second: deferred() };
  client.onMessageReceived = (message) => {
    started.put(message);
    return work[message.text()].promise;
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'first' });
  await backEnd.sendMessage({ body: 'second' });
  await started.take();
  await started.take();
  work.second.resolve();
  await roundTrip(client);
  assert.deepEqual(await backEnd.packets({ type: 'puback', direction: 'in' }), []);
  work.first.resolve();
  const acknowledged = await backEnd.waitForPackets('puback', 'in', 2);
  const delivered = await backEnd.packets({ type: 'publish', direction: 'out' });
  assert.deepEqual(
    acknowledged.map(({ messageId }) => messageId),
    delivered.map(({ messageId }) => messageId),
  );
});

test('with "after-handler" a message whose handler failed is redelivered', async (t) => {
  const { client, backEnd } = await createPair(t, { acknowledgeMessages: 'after-handler' });
  const messages = new Inbox('message');
  const errors = new Inbox('background exception');
  client.onBackgroundException = errors.put;
  client.onMessageReceived = async (message) => {
    messages.put(message);
    if (messages.all.length === 1) throw new Error('the disk is full');
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'again' });
  assert.equal((await messages.take()).text(), 'again');
  await errors.take();
  await backEnd.drop();
  assert.equal((await messages.take()).text(), 'again');
  await backEnd.waitForPackets('puback', 'in');
});

test('clearing the handler unsubscribes', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  client.onMessageReceived = null;
  const [packet] = await backEnd.waitForPackets('unsubscribe', 'in');
  assert.deepEqual(packet.unsubscriptions, [`devices/${backEnd.deviceId}/messages/devicebound/#`]);
});
