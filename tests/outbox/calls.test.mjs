/** What calls of an outbox refuse, and what ends them. */
import assert from 'node:assert/strict';

import { ownStore } from '../../pkg/own-store.js';
import { createClient, createDevice, refusedEndpoint, test } from '../node/support.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { createOutbox, record } from './support.mjs';

test('messages that the hub would refuse are refused before they are stored', async (t) => {
  const { store, client } = await createOutbox(t);
  await assert.rejects(client.enqueue('x'.repeat(300_000)), RangeError);
  await assert.rejects(client.enqueue(Promise.resolve()), TypeError);
  await assert.rejects(client.enqueue('x', { timeout: 1 }), TypeError);
  assert.equal(store.calls.append, 0);
});

test('an aborted call rejects immediately, and its message stays', async (t) => {
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

test('wrong use is reported', async (t) => {
  const backEnd = await createDevice();
  const plain = createClient(t, backEnd);
  assert.equal(plain.outbox, undefined);
  await assert.rejects(plain.enqueue('0'), /enqueue needs the option store/);
  const store = new ScriptedStore();
  const given = ownStore(store);
  createClient(t, backEnd, { store: given });
  assert.throws(
    () => createClient(t, backEnd, { store: given }),
    /already belongs to another client/,
  );
  assert.throws(() => createClient(t, backEnd, { store }), /store must be what/);
  const drained = given.drained({ timeout: 1 });
  await assert.rejects(drained, /^TypeError: timeout is not an option/);
  assert.throws(() => ownStore(undefined), /lacks open, append, read, remove, close$/);
  const { open, close } = ScriptedStore.prototype;
  assert.throws(() => ownStore({ open, close, read: 1 }), {
    name: 'TypeError',
    message: /object with the methods open, .*close; this one lacks append, read, remove$/,
  });
  assert.throws(() => ownStore(store, { maxMesages: 1 }), /maxMesages is not an option/);
  assert.throws(() => ownStore(store, { maxAge: 0 }), /maxAge must be more than 0/);
  assert.throws(() => ownStore(store, { whenFull: 'wait' }), /whenFull must be/);
  assert.throws(() => ownStore(store, { encrypt: (body) => body }), /decrypt must be a function/);
});

test('after shutdown the calls of the outbox reject and do not reopen the store', async (t) => {
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
