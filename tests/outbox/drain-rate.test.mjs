/** The rate at which stored messages leave, in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ownStore } from '../../pkg-template/own-store.js';
import { ScriptedClient, ScriptedHub } from './scripted-hub.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { VirtualClock, idle } from './virtual-clock.mjs';

const encoder = new TextEncoder();
const message = (text) => ({
  body: encoder.encode(text),
  systemProperties: '',
  customProperties: '',
});

test('a backlog is sent at the configured rate, and new messages follow it', async (t) => {
  const clock = new VirtualClock();
  t.after(() => clock.end());
  const store = new ScriptedStore();
  const backlog = Array.from({ length: 30 }, (_, number) => String(number));
  await store.append(backlog.map((text) => ({ ...message(text), size: 2, storedAt: Date.now() })));
  const outbox = ownStore(store, { drainRate: 50 });
  const hub = new ScriptedHub();
  const client = new ScriptedClient(hub, outbox);
  await outbox.opened();
  await idle();
  client.connect();
  outbox.put(message('new'), false);
  await idle();
  // The first message opens the connection, the second is sent on it immediately.
  for (let sent = 2; sent < backlog.length; sent += 1) {
    assert.deepEqual(hub.arrived, backlog.slice(0, sent));
    clock.pass(19);
    await idle();
    assert.equal(hub.arrived.length, sent);
    clock.pass(1);
    await idle();
  }
  assert.deepEqual(hub.arrived, [...backlog, 'new']);
});
