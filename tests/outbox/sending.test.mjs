/** Stored telemetry and the connection: order, rates, what is resent. */
import assert from 'node:assert/strict';

import { ownStore } from '../../pkg/own-store.js';
import {
  Inbox,
  Message,
  NoConnectionError,
  OperationCancelled,
  createClient,
  createDevice,
  deferred,
  refusedEndpoint,
  test,
  within,
} from '../node/support.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { arrived, createOutbox, numbers, record, textsOf } from './support.mjs';

test('enqueue resolves when the message is stored; sendMessage waits for the hub', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  await backEnd.setFaults({ withhold: ['puback'] });
  await client.enqueue('stored');
  assert.deepEqual(store.texts, ['stored']);
  assert.deepEqual([client.outbox.count, client.outbox.bytes > 0], [1, true]);
  assert.ok(Math.abs(client.outbox.oldest - Date.now()) < 60_000);
  const sent = client.sendMessage('sent');
  await backEnd.waitForTelemetry(2);
  assert.equal(client.outbox.count, 2);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await sent;
  await client.outbox.drained();
  assert.deepEqual([store.messages.size, client.outbox.count, client.outbox.bytes], [0, 0, 0]);
  assert.equal(client.outbox.oldest, undefined);
  assert.deepEqual(await arrived(backEnd, 4), ['stored', 'sent']);
});

test('the next client sends what the previous one left, in order, before new messages', async (t) => {
  const { backEnd, store, client, start } = await createOutbox(t, {}, { autoConnect: false });
  await Promise.all(numbers(500).map((text) => client.enqueue(text)));
  await client.shutdown();
  assert.equal(store.isOpen, false);
  const next = start({ store: ownStore(store, { drainRate: 1e6 }), autoConnect: true });
  await Promise.all(numbers(100, 500).map((text) => next.enqueue(text)));
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(600)), numbers(600));
});

test('each message has its own id, the same when it is resent', async (t) => {
  const { backEnd, client } = await createOutbox(t);
  await backEnd.setFaults({ withhold: ['puback'] });
  await client.enqueue(new Message('named', { messageId: 'mine' }));
  await client.enqueue('unnamed');
  const first = await backEnd.waitForTelemetry(2);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await client.outbox.drained();
  const again = (await backEnd.waitForTelemetry(4)).slice(2);
  const ids = (messages) => messages.map(({ systemProperties }) => systemProperties.messageId);
  assert.deepEqual(ids(first), ids(again));
  assert.equal(ids(first)[0], 'mine');
  assert.match(ids(first)[1], /^[0-9a-f-]{36}$/);
});

test('each message has its own id in a page without HTTPS, too', async (t) => {
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  t.after(() => delete crypto.randomUUID);
  const { backEnd, client } = await createOutbox(t);
  for (const text of numbers(2)) await client.enqueue(text);
  const sent = await backEnd.waitForTelemetry(2);
  const [first, second] = sent.map(({ systemProperties }) => systemProperties.messageId);
  assert.match(first, /^\d+(-\d+){3}$/);
  assert.notEqual(first, second);
});

test('stored messages outlive operationTimeout and disconnect', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, {}, { operationTimeout: 0.2 });
  await backEnd.setFaults({ withhold: ['puback', 'twin'] });
  const sent = client.sendMessage('patient');
  sent.catch(() => {});
  await backEnd.waitForTelemetry(1);
  await assert.rejects(client.getTwin(), { name: 'OperationTimeout' });
  await client.disconnect();
  await assert.rejects(sent, OperationCancelled);
  assert.deepEqual(store.texts, ['patient']);
  await backEnd.setFaults({ clear: true });
  await client.connect();
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['patient', 'patient']);
});

test('shutdown stores the messages of earlier calls', async (t) => {
  const { store, client } = await createOutbox(t, {}, { autoConnect: false });
  const calls = numbers(3).map((text) => client.enqueue(text));
  const sent = client.sendMessage('3');
  await Promise.all([client.shutdown(), ...calls, assert.rejects(sent)]);
  assert.deepEqual(store.texts, numbers(4));
  await assert.rejects(client.enqueue('late'), /shut down/);
  await assert.rejects(client.connect(), /shut down/);
});

test('messages stored while connected are sent immediately', async (t) => {
  const { backEnd, client } = await createOutbox(t, { drainRate: 0.001 });
  await client.connect();
  await Promise.all(numbers(2000).map((text) => client.sendMessage(text)));
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2000)), numbers(2000));
});

test('only a window of a million stored messages is in memory', async (t) => {
  const backEnd = await createDevice();
  const store = new ScriptedStore();
  const MILLION = 1_000_000;
  let [largest, removed] = [0, 0];
  store.open = async () => ({ count: MILLION, bytes: MILLION });
  store.read = async (after, count) => {
    largest = Math.max(largest, after + count - removed);
    return Array.from({ length: Math.min(count, MILLION - after) }, (_, index) => ({
      ...record(String(after + index)),
      sequence: after + index + 1,
    }));
  };
  store.remove = async (messages) => void (removed += messages.length);
  const client = createClient(t, backEnd, { store: ownStore(store, { drainRate: 1e6 }) });
  await backEnd.setFaults({ withhold: ['puback'] });
  await client.connect();
  assert.equal(client.outbox.count, MILLION);
  await backEnd.waitForTelemetry(500);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await backEnd.waitForTelemetry(5000);
  assert.ok(largest <= 6000, `${largest} were read and not removed`);
});

test('with a store the first connection is retried until it succeeds', async (t) => {
  const { backEnd, client } = await createOutbox(t);
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.name);
  t.after(() => backEnd.setHubFaults({ clear: true }));
  await backEnd.setHubFaults({ refuseUpgrade: true });
  await client.enqueue('0');
  assert.equal(await errors.take(), 'ConnectionFailedError');
  await backEnd.setHubFaults({ clear: true });
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['0']);
});

test('without retries, the next call of enqueue connects again', async (t) => {
  const { client, store } = await createOutbox(t, {}, { connectionRetry: false });
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.name);
  const down = createClient(t, await createDevice(), {
    store: ownStore(store),
    endpoint: await refusedEndpoint(),
    connectionRetry: false,
  });
  down.onBackgroundException = (error) => errors.put(error.name);
  await down.enqueue('0');
  assert.equal(await errors.take(), 'ConnectionFailedError');
  await assert.rejects(down.sendMessage('1'), { name: 'ConnectionFailedError' });
  assert.deepEqual(store.texts, ['0', '1']);
});

test('with autoConnect off nothing connects until connect is called', async (t) => {
  const { backEnd, client } = await createOutbox(t, {}, { autoConnect: false });
  await client.enqueue('0');
  await assert.rejects(client.sendMessage('1'), NoConnectionError);
  await client.connect();
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['0', '1']);
});

test('a login that is refused is reported, and the messages stay', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.name);
  await backEnd.setFaults({ connack: 5 });
  await client.enqueue('0');
  assert.equal(await errors.take(), 'CredentialError');
  await assert.rejects(client.outbox.drained(), { name: 'CredentialError' });
  assert.deepEqual(store.texts, ['0']);
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('1');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['0', '1']);
});

test('a login that is refused is reported if the only call that waits was aborted', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.name);
  await backEnd.setFaults({ connack: 5 });
  const { promise, resolve } = deferred();
  store.delays.append = promise;
  const controller = new AbortController();
  const sent = client.sendMessage('0', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(sent, /enough/);
  resolve();
  assert.equal(await errors.take(), 'CredentialError');
});

test('a disconnect while the backlog drains stops it', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, { drainRate: 20 });
  await store.append(numbers(200).map(record));
  await client.connect();
  await backEnd.waitForTelemetry(3);
  await within(5, client.disconnect(), 'disconnect did not end');
  const { length } = await backEnd.telemetry();
  await client.connect();
  const later = await backEnd.waitForTelemetry(length + 3);
  assert.deepEqual([...new Set(textsOf(later))], numbers(new Set(textsOf(later)).size));
});
