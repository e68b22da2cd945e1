/** Messages that the hub does not accept, or that cannot be decrypted. */
import assert from 'node:assert/strict';

import { ownStore } from '../../pkg/own-store.js';
import { Inbox, Message, deferred, test } from '../node/support.mjs';
import { ScriptedClient, ScriptedHub } from './scripted-hub.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { createOutbox, record, textsOf } from './support.mjs';
import { VirtualClock, idle } from './virtual-clock.mjs';

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

test('drop-oldest also drops a message that cannot be decrypted', async (t) => {
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

test('shutdown waits until a message is moved aside, and moves no others', async (t) => {
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

test('with drop-oldest, messages that were moved aside make room, too', async (t) => {
  const options = { maxMessages: 2, whenFull: 'drop-oldest' };
  const { store, client } = await createOutbox(t, options, { autoConnect: false });
  const drops = [];
  client.onMessageDropped = ({ reason, message }) => drops.push(`${reason} ${message.text()}`);
  for (const text of ['0', '1']) await store.append([{ ...record(text), movedAside: 'poison' }]);
  const [first] = await client.outbox.movedAside();
  await client.enqueue('2');
  assert.deepEqual(store.texts, ['1', '2']);
  await client.enqueue('3');
  assert.deepEqual(
    [store.texts, drops],
    [
      ['2', '3'],
      ['full 0', 'full 1'],
    ],
  );
  await first.discard();
  assert.equal(client.outbox.count, 2);
});

/** An outbox with a message that was refused, and that a full disk keeps from being moved aside. */
async function withUnmoved(t, options) {
  const clock = new VirtualClock();
  t.after(() => clock.end());
  const store = new ScriptedStore();
  await store.append([record('x')]);
  const encrypt = (body) => body;
  const decrypt = () => Promise.reject(new Error('another key'));
  const outbox = ownStore(store, { encrypt, decrypt, ...options });
  const client = new ScriptedClient(new ScriptedHub(), outbox);
  store.failures.append = new Error('no space left');
  await outbox.opened();
  await idle();
  assert.match(client.reports.at(-1), /could not move a message aside: no space left/);
  return { clock, store, outbox };
}

test('a message that cannot be moved aside is moved when the store works again', async (t) => {
  const { clock, store, outbox } = await withUnmoved(t);
  clock.pass(1000);
  await idle();
  assert.equal((await outbox.movedAside()).length, 0);
  delete store.failures.append;
  store.failures.remove = new Error('busy');
  clock.pass(1000);
  await idle();
  delete store.failures.remove;
  clock.pass(1000);
  await idle();
  const [moved, ...others] = store.messages.values();
  assert.deepEqual([moved.movedAside, others], ['another key', []]);
  assert.equal(outbox.count, 1);
});

test('with drop-oldest, a message that could not be moved aside makes room', async (t) => {
  const { clock, store, outbox } = await withUnmoved(t, {
    maxMessages: 1,
    whenFull: 'drop-oldest',
  });
  delete store.failures.append;
  const body = new TextEncoder().encode('new');
  await outbox.put({ body, systemProperties: '', customProperties: '' }, false);
  clock.pass(1000);
  await idle();
  assert.deepEqual([store.texts, outbox.count], [['new'], 1]);
});
