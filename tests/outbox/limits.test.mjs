/** The limits of an outbox: messages, bytes, age. */
import assert from 'node:assert/strict';

import { ClientError, Inbox, test } from '../node/support.mjs';
import { createOutbox, numbers, record, textsOf } from './support.mjs';

test('a full outbox refuses by default', async (t) => {
  const { store, client } = await createOutbox(t, { maxMessages: 2 }, { autoConnect: false });
  const calls = await Promise.allSettled(numbers(3).map((text) => client.enqueue(text)));
  assert.deepEqual(
    calls.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  assert.ok(calls[2].reason instanceof ClientError);
  assert.match(calls[2].reason.message, /outbox is full.*2 messages/);
  assert.deepEqual(store.texts, ['0', '1']);
});

test('the limit of bytes counts bodies and properties', async (t) => {
  const { client } = await createOutbox(t, { maxBytes: 1000 }, { autoConnect: false });
  await assert.rejects(client.enqueue('x'.repeat(1000)), RangeError);
  await client.enqueue('x'.repeat(400));
  await assert.rejects(client.enqueue('x'.repeat(600)), /outbox is full/);
  await client.enqueue('x'.repeat(400));
});

test('with drop-oldest the newest stay, and each dropped message is reported', async (t) => {
  const options = { maxMessages: 5, whenFull: 'drop-oldest', drainRate: 1e6 };
  const { backEnd, store, client, start } = await createOutbox(t, options, { autoConnect: false });
  const drops = [];
  client.onMessageDropped = ({ reason, message }) => drops.push(`${reason} ${message.text()}`);
  await Promise.all(numbers(17).map((text) => client.enqueue(text)));
  assert.deepEqual(store.texts, numbers(5, 12));
  assert.deepEqual(
    drops,
    numbers(12).map((text) => `full ${text}`),
  );
  await client.shutdown();
  const next = start({ autoConnect: true });
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(5)), numbers(5, 12));
});

test('a message that is older than maxAge is neither sent nor resent', async (t) => {
  const { backEnd, store, client, start } = await createOutbox(t, { maxAge: 3600 });
  const drops = new Inbox('drop');
  await backEnd.setFaults({ withhold: ['puback'] });
  client.onMessageDropped = ({ reason, message }) => drops.put(`${reason} ${message.text()}`);
  await client.enqueue('in flight');
  await backEnd.waitForTelemetry(1);
  const time = t.mock.method(Date, 'now', () => performance.timeOrigin + 4_000_000 + 1e9);
  await backEnd.drop();
  assert.equal(await drops.take(), 'expired in flight');
  time.mock.restore();
  await client.shutdown();
  await backEnd.setFaults({ clear: true });

  for (const text of ['old', 'new']) {
    const [sequence] = await store.append([record(text)]);
    if (text === 'old') store.messages.get(sequence).storedAt -= 3_601_000;
  }
  const next = start();
  next.onMessageDropped = ({ reason, message }) => drops.put(`${reason} ${message.text()}`);
  await next.outbox.drained();
  assert.equal(await drops.take(), 'expired old');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['in flight', 'new']);
});

test('a clock that is set back drops nothing early, and keeps the order', async (t) => {
  const { backEnd, client } = await createOutbox(t, { maxAge: 60 }, { autoConnect: false });
  const drops = [];
  client.onMessageDropped = ({ message }) => drops.push(message.text());
  await client.enqueue('before');
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() - 1_800_000);
  await client.enqueue('after');
  await client.connect();
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['before', 'after']);
  assert.deepEqual(drops, []);
});

test('a message with a time in the future is sent', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, { maxAge: 60 });
  const [sequence] = await store.append([record('from the future')]);
  store.messages.get(sequence).storedAt += 1e12;
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['from the future']);
});
