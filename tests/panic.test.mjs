/**
 * A panic of the core ends one client, and nothing else. The package under test panics if a body is
 * `panic`; an uncaught exception fails these tests.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { startHub } from 'iothub-local';
import { buildForcedPanic } from '../scripts/build.mjs';
import { root } from '../scripts/lib/project.mjs';
import { BackEnd } from '../scripts/start/back-end.mjs';
import { Inbox } from '../scripts/start/waiting.mjs';

const folder = join(root, 'target', 'forced-panic');
await buildForcedPanic(folder);
const entry = pathToFileURL(join(folder, 'index.node.js'));
const { ClientError, IoTHubDeviceClient } = await import(entry);

const hub = await startHub();
after(() => hub.close());

const isFault = (error) =>
  error instanceof ClientError && /bug in iothub-device-client.*new client/.test(error.message);

function createClient({ connectionString, endpoint }) {
  const options = { endpoint, connectionRetryInterval: 0.2 };
  return IoTHubDeviceClient.createFromConnectionString(connectionString, options);
}

/** What a panic prints on the console. */
function recordConsole(t) {
  const { mock } = t.mock.method(console, 'error', () => {});
  return () => mock.calls.map(({ arguments: [first] }) => String(first)).join('\n');
}

async function createPair(name) {
  const backEnd = await BackEnd.createDevice(hub, name);
  const client = createClient(backEnd);
  await client.connect();
  return { backEnd, client };
}

/** The client sends, receives, and reconnects after its connection was dropped. */
async function assertWorks({ backEnd, client }) {
  const changes = new Inbox('state change');
  const messages = new Inbox('message');
  client.onConnectionStateChange = changes.put;
  client.onMessageReceived = messages.put;
  await client.sendMessage('before');
  await backEnd.drop();
  assert.equal((await changes.take()).connected, false);
  assert.equal((await changes.take()).connected, true);
  await client.sendMessage('after');
  await backEnd.sendMessage({ body: 'to the device' });
  assert.equal((await messages.take()).text(), 'to the device');
}

async function assertBroken(client) {
  assert.equal(client.connectionState, 'disconnected');
  const calls = [
    () => client.connect(),
    () => client.sendMessage('x'),
    () => client.getTwin(),
    () => client.getStorageInfoForBlob('x'),
    () => client.shutdown(),
  ];
  for (const call of calls) await assert.rejects(call(), isFault);
}

test('a panic in a call ends that client; others and new ones work', async (t) => {
  const said = recordConsole(t);
  const victim = await createPair('victim-of-a-call');
  const bystander = await createPair('bystander-of-a-call');
  const waiting = assert.rejects(victim.client.receiveMessage(), isFault);
  const begun = assert.rejects(victim.client.sendMessage('in the same turn'), isFault);
  const others = bystander.client.sendMessage('in the same turn');

  await assert.rejects(victim.client.sendMessage('panic'), isFault);
  await Promise.all([waiting, begun, others]);
  assert.match(said(), /has a bug: .*a test has asked for it/s);
  await assertBroken(victim.client);
  await assertWorks(bystander);

  const successor = { ...victim, client: createClient(victim.backEnd) };
  await successor.client.connect();
  await assertWorks(successor);
  await Promise.all([bystander.client.shutdown(), successor.client.shutdown()]);
});

test('a panic while an event is processed ends that client; others work', async (t) => {
  const said = recordConsole(t);
  const victim = await createPair('victim-of-an-event');
  const bystander = await createPair('bystander-of-an-event');
  await victim.backEnd.setFaults({ withhold: ['puback'] });
  const waiting = assert.rejects(victim.client.sendMessage('never acknowledged'), isFault);
  const errors = new Inbox('background exception');
  victim.client.onBackgroundException = errors.put;
  victim.client.onMessageReceived = () => {};

  await victim.backEnd.sendMessage({ body: 'panic' });
  await waiting;
  assert.ok(isFault(await errors.take()));
  assert.match(said(), /has a bug: .*a test has asked for it/s);
  await assertBroken(victim.client);
  await assertWorks(bystander);
  await bystander.client.shutdown();
});
