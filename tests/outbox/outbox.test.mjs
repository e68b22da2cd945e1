/** The outbox in front of a scripted store: order, limits, rates, failures. */
import assert from 'node:assert/strict';

import { ownStore } from '../../pkg/own-store.js';
import {
  ClientError,
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

/** A device, a store, and clients of both, one after the other. */
async function createOutbox(t, options, clientOptions) {
  const backEnd = await createDevice();
  const store = new ScriptedStore();
  const start = (more) =>
    createClient(t, backEnd, { store: ownStore(store, options), ...clientOptions, ...more });
  return { backEnd, store, start, client: start() };
}

const numbers = (count, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));
const textsOf = (messages) => messages.map(({ text }) => text);

/** What the hub has, each once, in the order of its first arrival. */
async function arrived(backEnd, count) {
  const seen = await backEnd.waitForTelemetry(count);
  return [...new Set(textsOf(seen))];
}

test('enqueue stores first and sends then; sendMessage waits for the hub', async (t) => {
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

test('what a client leaves behind the next one sends, in order, before what is new', async (t) => {
  const { backEnd, store, client, start } = await createOutbox(t, {}, { autoConnect: false });
  await Promise.all(numbers(500).map((text) => client.enqueue(text)));
  await client.shutdown();
  assert.equal(store.isOpen, false);
  const next = start({ store: ownStore(store, { drainRate: 1e6 }), autoConnect: true });
  await Promise.all(numbers(100, 500).map((text) => next.enqueue(text)));
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(600)), numbers(600));
});

test('each message has an id of its own, the same on each way', async (t) => {
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

test('shutdown stores what was called before it', async (t) => {
  const { store, client } = await createOutbox(t, {}, { autoConnect: false });
  const calls = numbers(3).map((text) => client.enqueue(text));
  const sent = client.sendMessage('3');
  await Promise.all([client.shutdown(), ...calls, assert.rejects(sent)]);
  assert.deepEqual(store.texts, numbers(4));
  await assert.rejects(client.enqueue('late'), /shut down/);
  await assert.rejects(client.connect(), /shut down/);
});

test('a message on which three connections end is moved aside and blocks nothing', async (t) => {
  const { backEnd, store, client, start } = await createOutbox(t);
  const drops = new Inbox('drop');
  client.onMessageDropped = (drop) => drops.put(drop);
  client.onBackgroundException = () => {};
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const poisoned = client.sendMessage(new Message('poison', { customProperties: { a: 'b' } }));
  await client.enqueue('behind');
  for (let i = 0; i < 3; i += 1) {
    await backEnd.waitForTelemetry(2 * (i + 1));
    await backEnd.drop();
  }
  await assert.rejects(poisoned, /ended three times/);
  const { reason, message, cause } = await drops.take();
  assert.deepEqual(
    [reason, message.text(), message.customProperties.a],
    ['refused', 'poison', 'b'],
  );
  assert.match(cause.message, /ended three times/);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await client.outbox.drained();
  assert.deepEqual(store.texts, ['poison']);
  await client.shutdown();

  const next = start();
  const [aside] = await next.outbox.movedAside();
  assert.deepEqual([aside.message.text(), aside.message.customProperties.a], ['poison', 'b']);
  assert.match(aside.reason, /ended three times/);
  assert.equal(next.outbox.count, 1);
  await aside.discard();
  assert.deepEqual([store.messages.size, next.outbox.count], [0, 0]);
});

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

test('with drop-oldest the newest stay, and each that is dropped is told', async (t) => {
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

test('a message that is older than maxAge is not sent, not again either', async (t) => {
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

test('a clock that is set back loses nothing', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, { maxAge: 60 });
  const [sequence] = await store.append([record('from the future')]);
  store.messages.get(sequence).storedAt += 1e12;
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['from the future']);
});

test('a backlog leaves at the given rate, and new messages leave behind it', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, { drainRate: 50 });
  await store.append(numbers(30).map(record));
  const started = performance.now();
  await client.connect();
  await client.enqueue('new');
  await client.outbox.drained();
  // The first message opens the connection, the second is sent on it at once.
  assert.ok(performance.now() - started > 28 * 20 - 1);
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(31)), [...numbers(30), 'new']);
});

test('what is stored while the connection stands leaves at once', async (t) => {
  const { backEnd, client } = await createOutbox(t, { drainRate: 0.001 });
  await client.connect();
  await Promise.all(numbers(2000).map((text) => client.sendMessage(text)));
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2000)), numbers(2000));
});

test('of a million stored messages a window is in the memory', async (t) => {
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

test('a store that fails refuses, and takes messages again when it works', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  await client.enqueue('0');
  store.failures.append = new Error('no space left on device');
  await assert.rejects(client.enqueue('lost'), /could not take the message: no space left/);
  await assert.rejects(client.sendMessage('lost'), /no space left/);
  delete store.failures.append;
  await client.sendMessage('1');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['0', '1']);
  assert.equal(client.outbox.count, 0);
});

test('a store that cannot be read or cannot remove is asked again', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.message);
  await store.append([record('0')]);
  store.failures.read = new Error('broken');
  store.failures.remove = new Error('stuck');
  await client.connect();
  assert.match(await errors.take(), /could not be read: broken/);
  delete store.failures.read;
  await backEnd.waitForTelemetry(1);
  assert.match(await errors.take(), /could not remove.*stuck/);
  assert.equal(store.messages.size, 1);
  delete store.failures.remove;
  await client.outbox.drained();
  assert.equal(store.messages.size, 0);
  assert.equal((await backEnd.telemetry()).length, 1);
});

test('a slow store gets what comes meanwhile in one batch, and keeps the order', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  await client.connect();
  const slow = deferred();
  store.delays.append = slow.promise;
  const first = client.sendMessage('0');
  await Promise.resolve();
  const others = numbers(100, 1).map((text) => client.sendMessage(text));
  slow.resolve();
  await Promise.all([first, ...others]);
  assert.equal(store.calls.append, 2);
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(101)), numbers(101));
});

test('a store that cannot be opened makes every call fail, and is tried again', async (t) => {
  const { backEnd, store, client } = await createOutbox(t);
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.message);
  store.failures.open = new Error('access denied');
  const text = /the store could not be opened: access denied/;
  await assert.rejects(client.enqueue('0'), text);
  await assert.rejects(client.sendMessage('0'), text);
  await assert.rejects(client.connect(), text);
  await assert.rejects(client.getTwin(), text);
  client.onMethodRequestReceived = () => ({ status: 200 });
  assert.match(await errors.take(), text);
  assert.equal((await backEnd.state()).connected, false);
  delete store.failures.open;
  await client.sendMessage('1');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['1']);
  await client.connect();
  assert.equal((await backEnd.invokeMethod('any')).status, 200);
});

test('with a store the first connection is made again and again', async (t) => {
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

test('without retries, the next call of enqueue tries again', async (t) => {
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

test('bodies are encrypted in the store and come out as they were', async (t) => {
  const flip = async (body) => body.map((byte) => byte ^ 0xff);
  const options = { encrypt: flip, decrypt: flip };
  const { backEnd, store, client, start } = await createOutbox(t, options, { autoConnect: false });
  await client.enqueue('secret');
  assert.doesNotMatch(store.texts[0], /secret/);
  await client.shutdown();
  const next = start({ autoConnect: true });
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['secret']);
});

test('functions that encrypt may return an ArrayBuffer, as WebCrypto does, and nothing else', async (t) => {
  const flip = async (body) => body.map((byte) => byte ^ 0xff).buffer;
  const options = { encrypt: flip, decrypt: flip };
  const { backEnd, store, client, start } = await createOutbox(t, options, { autoConnect: false });
  await client.enqueue('secret');
  await client.shutdown();
  const next = start({ autoConnect: true });
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['secret']);
  await next.shutdown();

  for (const wrong of ['text', undefined, [1]]) {
    const change = () => wrong;
    const toText = start({ store: ownStore(store, { encrypt: change, decrypt: flip }) });
    await assert.rejects(toText.enqueue('0'), /encrypt must return a Uint8Array or an ArrayBuffer/);
    assert.equal(store.messages.size, 0);
    await toText.shutdown();
  }
  await store.append(['unread'].map(record));
  const fromText = start({ store: ownStore(store, { encrypt: flip, decrypt: () => 'text' }) });
  const drops = new Inbox('drop');
  fromText.onMessageDropped = ({ cause }) => drops.put(cause.message);
  fromText.onBackgroundException = () => {};
  await fromText.connect();
  assert.match(await drops.take(), /decrypt must return a Uint8Array or an ArrayBuffer/);
  await fromText.outbox.drained();
  assert.deepEqual(store.texts, ['unread']);
});

test('the oldest makes room for others, even if it cannot be decrypted', async (t) => {
  const decrypt = () => {
    throw new Error('another key');
  };
  const options = { encrypt: (body) => body, decrypt, maxMessages: 1, whenFull: 'drop-oldest' };
  const { store, client } = await createOutbox(t, options, { autoConnect: false });
  await client.enqueue('old');
  await client.enqueue('new');
  assert.deepEqual(store.texts, ['new']);
});

test('a message that cannot be decrypted is moved aside, and blocks nothing', async (t) => {
  const options = {
    encrypt: (body) => body,
    decrypt: (body) => {
      if (body[0] === 'x'.charCodeAt(0)) throw new Error('another key');
      return body;
    },
  };
  const { backEnd, store, client } = await createOutbox(t, options);
  await store.append(['x', 'good'].map(record));
  const drops = new Inbox('drop');
  client.onMessageDropped = ({ reason, cause }) => drops.put(`${reason}: ${cause.message}`);
  client.onBackgroundException = () => {};
  await client.outbox.drained();
  assert.equal(await drops.take(), 'refused: another key');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['good']);
  assert.deepEqual((await client.outbox.movedAside())[0].message.text(), 'x');
});

test('what the hub would refuse is refused before it is stored', async (t) => {
  const { store, client } = await createOutbox(t);
  await assert.rejects(client.enqueue('x'.repeat(300_000)), RangeError);
  await assert.rejects(client.enqueue(Promise.resolve()), TypeError);
  await assert.rejects(client.enqueue('x', { timeout: 1 }), TypeError);
  assert.equal(store.calls.append, 0);
});

test('an aborted call waits no longer, and its message stays', async (t) => {
  const { store, client } = await createOutbox(t, {}, { endpoint: await refusedEndpoint() });
  client.onBackgroundException = () => {};
  const controller = new AbortController();
  const sent = client.sendMessage('0', { signal: controller.signal });
  await client.enqueue('1');
  controller.abort(new Error('enough'));
  await assert.rejects(sent, /enough/);
  assert.deepEqual(store.texts, ['0', '1']);
  await assert.rejects(client.enqueue('2', { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
  assert.deepEqual(store.texts, ['0', '1']);
});

test('wrong use is told', async (t) => {
  const backEnd = await createDevice();
  const plain = createClient(t, backEnd);
  assert.equal(plain.outbox, undefined);
  await assert.rejects(plain.enqueue('0'), /enqueue needs the option store/);
  const store = new ScriptedStore();
  const given = ownStore(store);
  createClient(t, backEnd, { store: given });
  assert.throws(() => createClient(t, backEnd, { store: given }), /another client already/);
  assert.throws(() => createClient(t, backEnd, { store }), /store must be what/);
  assert.throws(() => ownStore({ ...store, open() {} }), /append must be a function/);
  assert.throws(() => ownStore(store, { maxMesages: 1 }), /maxMesages is not an option/);
  assert.throws(() => ownStore(store, { maxAge: 0 }), /maxAge must be more than 0/);
  assert.throws(() => ownStore(store, { whenFull: 'wait' }), /whenFull must be/);
  assert.throws(() => ownStore(store, { encrypt: (body) => body }), /decrypt must be a function/);
});

test('a store of the user that returns something else is told what it has to return', async (t) => {
  const { start } = await createOutbox(t);
  const faulty = (method, value) =>
    start({ store: ownStore(Object.assign(new ScriptedStore(), { [method]: () => value })) });
  for (const totals of [undefined, {}, { count: '1', bytes: 1 }, { count: 1, bytes: -1 }]) {
    await assert.rejects(faulty('open', totals).enqueue('0'), /open of the store must return/);
  }
  for (const sequences of [undefined, [], ['1'], [0], [1, 2]]) {
    const client = faulty('append', sequences);
    await assert.rejects(client.sendMessage('0'), /append of the store must return/);
    await client.shutdown();
  }
  const stored = { ...record('0'), sequence: 1 };
  const { body, ...bodiless } = stored;
  for (const messages of [undefined, [bodiless], [stored, stored], [{ ...stored, sequence: 0 }]]) {
    const client = faulty('read', messages);
    const errors = new Inbox('error');
    client.onBackgroundException = (error) => errors.put(error.message);
    await client.connect();
    assert.match(await errors.take(), /could not be read: read of the store must return/);
    await client.shutdown();
  }
});

test('a store of the user need not be async, and may have null for what is missing', async (t) => {
  const { backEnd, start } = await createOutbox(t);
  const kept = [{ ...record('old'), sequence: 1, movedAside: null }];
  const store = {
    open: () => ({ count: 1, bytes: kept[0].size }),
    append(messages) {
      const first = kept.length + 1;
      messages.forEach((message, i) => kept.push({ ...message, sequence: first + i }));
      return messages.map((_, i) => first + i);
    },
    read: (after, count) => kept.filter((it) => it && it.sequence > after).slice(0, count),
    remove(messages) {
      for (const { sequence } of messages) delete kept[sequence - 1];
    },
    close() {},
  };
  const client = start({ store: ownStore(store, { maxMessages: 1, whenFull: 'drop-oldest' }) });
  await client.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['old']);
  await client.disconnect();
  const drops = new Inbox('drop');
  client.onMessageDropped = ({ reason, message }) => drops.put(`${reason} ${message.text()}`);
  await backEnd.setFaults({ withhold: ['puback'] });
  await Promise.all([client.enqueue('0'), client.enqueue('1')]);
  assert.equal(await drops.take(), 'full 0');
});

test('after shutdown the outbox rejects, and leaves the store closed', async (t) => {
  const { store, client } = await createOutbox(t);
  await store.append([{ ...record('0'), movedAside: 'poison' }]);
  const [aside] = await client.outbox.movedAside();
  await client.shutdown();
  const calls = { ...store.calls };
  await assert.rejects(client.outbox.drained(), /shut down/);
  await assert.rejects(client.outbox.movedAside(), /shut down/);
  await assert.rejects(aside.discard(), /shut down/);
  assert.deepEqual(store.calls, calls);
});

test('shutdown waits until what is moved aside is moved, and begins nothing more', async (t) => {
  const options = { encrypt: (body) => body, decrypt: () => Promise.reject(new Error('no key')) };
  const { store, client } = await createOutbox(t, options);
  await store.append(['0', '1'].map(record));
  client.onBackgroundException = () => {};
  const moving = deferred();
  client.onMessageDropped = () => moving.resolve();
  const { promise, resolve } = deferred();
  store.delays.append = promise;
  const closed = new Inbox('close');
  store.close = async () => closed.put({ ...store.calls });
  await client.connect();
  await moving.promise;
  const ended = client.shutdown();
  await new Promise((resolve) => setImmediate(resolve));
  resolve();
  await ended;
  const calls = await closed.take();
  assert.equal(store.messages.size, 2);
  assert.equal(calls.append, calls.remove + 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(store.calls, calls);
});

test('a message that is discarded twice counts once', async (t) => {
  const { store, client } = await createOutbox(t);
  await store.append([{ ...record('0'), movedAside: 'poison' }]);
  const [[first], [second]] = [await client.outbox.movedAside(), await client.outbox.movedAside()];
  store.failures.remove = new Error('busy');
  await assert.rejects(first.discard(), /busy/);
  delete store.failures.remove;
  await Promise.all([first.discard(), second.discard()]);
  assert.deepEqual([client.outbox.count, client.outbox.bytes, store.calls.remove], [0, 0, 2]);
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

/** A message as the outbox stores it. */
function record(text) {
  const body = new TextEncoder().encode(text);
  const texts = { systemProperties: '', customProperties: '' };
  return { storedAt: Date.now(), size: body.length, body, ...texts };
}
