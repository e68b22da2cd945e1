/** An outbox whose store fails, is slow, or returns something else than it has to. */
import assert from 'node:assert/strict';

import { ownStore } from '../../pkg/own-store.js';
import { Inbox, deferred, test } from '../node/support.mjs';
import { ScriptedClient, ScriptedHub } from './scripted-hub.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { createOutbox, numbers, record, textsOf } from './support.mjs';
import { VirtualClock, idle } from './virtual-clock.mjs';

test('a store that fails refuses messages, and accepts them again when it works', async (t) => {
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

test('a store that cannot be read or cannot remove is retried', async (t) => {
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

test('a slow store gets messages that arrive in the meantime in one batch, in order', async (t) => {
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

test('a store that cannot be opened makes every call fail, and is retried', async (t) => {
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

test('the error of a faulty user store says what it must return', async (t) => {
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

test('code of the user may throw anything, which the errors repeat', async (t) => {
  const { backEnd, start } = await createOutbox(t);
  const once = (works, thrown) => {
    let isFirst = true;
    return (...given) => {
      if (!isFirst) return works(...given);
      isFirst = false;
      throw thrown;
    };
  };
  const failing = (method, thrown) => {
    const store = new ScriptedStore();
    store[method] = once(store[method].bind(store), thrown);
    return start({ store: ownStore(store) });
  };
  const decrypt = (body) => body;
  const encrypting = ownStore(new ScriptedStore(), { encrypt: once(decrypt), decrypt });
  for (const [client, text] of [
    [failing('open', 'locked'), /could not be opened: locked/],
    [failing('append'), /could not take the message: undefined/],
    [start({ store: encrypting }), /could not take the message: undefined/],
  ]) {
    await assert.rejects(client.enqueue('lost'), text);
    await client.sendMessage('0');
    await client.shutdown();
  }
  for (const [method, text] of [
    ['read', /could not be read: null/],
    ['remove', /could not remove messages that the hub has: null/],
  ]) {
    const client = failing(method, null);
    const errors = new Inbox('error');
    client.onBackgroundException = (error) => errors.put(error.message);
    await client.enqueue('0');
    await client.outbox.drained();
    assert.match(await errors.take(), text);
    await client.shutdown();
  }
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(5)), ['0', '0', '0', '0', '0']);
});

test('a user store need not be async, and may return null for missing members', async (t) => {
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

const NO_ANSWER = 'there was no response for 0.3 seconds';
const never = new Promise(() => {});

test('a store that never opens fails every call in time', async (t) => {
  const { store, client } = await createOutbox(t, {}, { operationTimeout: 0.3 });
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.message);
  const opening = deferred();
  store.delays.open = opening.promise;
  client.onMethodRequestReceived = () => ({ status: 200 });
  const text = new RegExp(`the store could not be opened: ${NO_ANSWER}`);
  const calls = [
    client.enqueue('0'),
    client.sendMessage('1'),
    client.connect(),
    client.getTwin(),
    client.outbox.drained(),
    client.outbox.movedAside(),
  ];
  await Promise.all(calls.map((call) => assert.rejects(call, text)));
  assert.match(await errors.take(), text);
  const controller = new AbortController();
  const aborted = client.connect({ signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  await client.disconnect();
  await assert.rejects(client.shutdown(), {
    name: 'ClientError',
    message: new RegExp(`the store could not be closed: ${NO_ANSWER}`),
  });
  const closed = new Inbox('close');
  store.close = async () => closed.put(store.texts);
  opening.resolve();
  assert.deepEqual(await closed.take(), []);
  assert.equal(store.calls.open, 1);
});

test('a store that opens late works, without the messages whose calls were rejected', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, {}, { operationTimeout: 0.3 });
  const opening = deferred();
  store.delays.open = opening.promise;
  await assert.rejects(client.enqueue('rejected'), /could not be opened/);
  const sent = client.sendMessage('kept');
  opening.resolve();
  await sent;
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), ['kept']);
});

test('a store that never accepts a message fails its call in time', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, {}, { operationTimeout: 0.3 });
  const slow = deferred();
  store.delays.append = slow.promise;
  const text = new RegExp(`the store could not take the message: ${NO_ANSWER}`);
  const first = assert.rejects(client.enqueue('in the store'), text);
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, assert.rejects(client.sendMessage('not in the store'), text)]);
  await client.disconnect();
  assert.equal(client.outbox.count, 1);
  slow.resolve();
  await client.sendMessage('later');
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(2)), ['in the store', 'later']);
  assert.equal(client.outbox.count, 0);
  store.delays.append = never;
  const stuck = assert.rejects(client.enqueue('stuck'), text);
  await assert.rejects(client.shutdown(), /the store could not be closed: there was no response/);
  await stuck;
});

test('a store that does not respond to a read or a removal is reported', async (t) => {
  const { backEnd, store, client } = await createOutbox(t, {}, { operationTimeout: 0.3 });
  const errors = new Inbox('error');
  client.onBackgroundException = (error) => errors.put(error.message);
  const [reading, removing] = [deferred(), deferred()];
  Object.assign(store.delays, { read: reading.promise, remove: removing.promise });
  await store.append([record('0'), { ...record('1'), movedAside: 'poison' }]);
  await client.connect();
  assert.match(await errors.take(), new RegExp(`the store could not be read: ${NO_ANSWER}`));
  await assert.rejects(client.outbox.movedAside(), new RegExp(`could not be read: ${NO_ANSWER}`));
  reading.resolve();
  await backEnd.waitForTelemetry(1);
  const text = new RegExp(`could not remove messages that the hub has: ${NO_ANSWER}`);
  while (!text.test(await errors.take()));
  const [aside] = await client.outbox.movedAside();
  await assert.rejects(aside.discard(), new RegExp(`not remove the message: ${NO_ANSWER}`));
  removing.resolve();
  await client.outbox.drained();
  assert.equal((await backEnd.telemetry()).length, 1);
});

test('a store that cannot be closed makes shutdown reject', async (t) => {
  const { store, client } = await createOutbox(t);
  await client.enqueue('0');
  store.failures.close = new Error('busy');
  await assert.rejects(client.shutdown(), /^ClientError: the store could not be closed: busy/);
});

test('after shutdown, a store that does not respond is no longer reported', async (t) => {
  const clock = new VirtualClock();
  t.after(() => clock.end());
  const store = new ScriptedStore();
  const outbox = ownStore(store);
  const client = new ScriptedClient(new ScriptedHub(), outbox);
  await store.append([record('0')]);
  store.delays.remove = never;
  await outbox.opened();
  client.connect();
  await idle();
  client.acknowledge(1);
  await idle();
  clock.pass(client.operationTimeoutMs);
  assert.match(client.reports.join(), /could not remove .*: there was no response/);
  const told = client.reports.length;
  const closed = assert.rejects(outbox.close(), /could not be closed: there was no response/);
  await idle();
  clock.pass(3 * client.operationTimeoutMs);
  await closed;
  assert.equal(client.reports.length, told);
});
