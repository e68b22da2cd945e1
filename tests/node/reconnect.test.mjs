import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

import {
  ConnectionDroppedError,
  ConnectionFailedError,
  CredentialError,
  Inbox,
  MethodResponse,
  OperationCancelled,
  createClient,
  createPair,
  test,
} from './support.mjs';

/** A connected client whose state changes and background exceptions arrive in inboxes. */
async function createWatched(t, options) {
  const { client, backEnd } = await createPair(t, options);
  const changes = new Inbox('state change');
  const errors = new Inbox('background exception');
  client.onConnectionStateChange = changes.put;
  client.onBackgroundException = errors.put;
  await client.connect();
  await changes.take();
  return { client, backEnd, changes, errors };
}

/** The numbers that the hub got, each at its first delivery. */
const firstDeliveries = (seen) => [...new Set(seen.map(({ text }) => Number(text)))];

const numbersBelow = (end) => Array.from({ length: end }, (_, index) => index);

for (const how of ['reset', 'close']) {
  test(`a ${how} in the middle of 1,000 pipelined sends loses and reorders nothing`, async (t) => {
    const { client, backEnd } = await createWatched(t);
    const calls = [];
    let dropped;
    for (const number of numbersBelow(1000)) {
      calls.push(client.sendMessage(number));
      if (number % 20 === 0) await setImmediate();
      if (number === 500) dropped = backEnd.drop(how);
    }
    await Promise.all(calls);
    assert.deepEqual(await dropped, { dropped: true });
    const seen = await backEnd.telemetry();
    assert.deepEqual(firstDeliveries(seen), numbersBelow(1000));
  });

  test(`a ${how} on 600 unacknowledged of 1,000 sends loses and reorders nothing`, async (t) => {
    const { client, backEnd, changes } = await createWatched(t);
    const calls = [];
    const sendUpTo = (end) => {
      while (calls.length < end) calls.push(client.sendMessage(calls.length));
    };
    sendUpTo(200);
    await Promise.all(calls);
    await backEnd.setFaults({ withhold: ['puback'] });
    sendUpTo(800);
    await backEnd.waitForTelemetry(800);
    await backEnd.drop(how);
    await backEnd.setFaults({ clear: true });
    assert.equal((await changes.take()).connected, false);
    sendUpTo(1000);
    await Promise.all(calls);
    const seen = await backEnd.telemetry();
    assert.deepEqual(firstDeliveries(seen), numbersBelow(1000));
    const again = seen.filter(({ dup }) => dup).map(({ text }) => Number(text));
    assert.deepEqual(again, numbersBelow(800).slice(200));
  });
}

test('after a drop the client reconnects and reports it', async (t) => {
  const { client, backEnd, changes, errors } = await createWatched(t);
  await backEnd.drop();
  const lost = await changes.take();
  assert.equal(lost.connected, false);
  assert.ok(lost.cause instanceof ConnectionDroppedError);
  assert.ok((await errors.take()) instanceof ConnectionDroppedError);
  assert.equal((await changes.take()).connected, true);
  assert.equal(client.connectionState, 'connected');
  assert.equal((await backEnd.state()).connections, 2);
});

test('after a drop messages, methods and desired properties arrive as before', async (t) => {
  const { client, backEnd, changes } = await createWatched(t);
  const messages = new Inbox('message');
  const patches = new Inbox('desired-properties patch');
  client.onMessageReceived = messages.put;
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, 200, request.name);
  await client.connect();
  await patches.take();
  await backEnd.drop();
  assert.equal((await changes.take()).connected, false);
  assert.equal((await changes.take()).connected, true);
  await client.connect();

  await backEnd.sendMessage({ body: 'hello again' });
  assert.equal((await messages.take()).text(), 'hello again');
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 200, payload: 'm' });
  await backEnd.patchDesired({ a: 1 });
  assert.deepEqual(await patches.take(), { a: 1, $version: 2 });
});

test('retries continue until the hub accepts the connection, and calls wait for it', async (t) => {
  const { client, backEnd, changes, errors } = await createWatched(t);
  await backEnd.setHubFaults({ refuseUpgrade: true });
  await backEnd.drop();
  assert.equal((await changes.take()).connected, false);
  assert.ok((await errors.take()) instanceof ConnectionDroppedError);
  assert.ok((await errors.take()) instanceof ConnectionFailedError);
  assert.equal(client.connectionState, 'reconnecting');
  assert.equal(client.connected, false);
  const sent = client.sendMessage('waits');
  const twin = client.getTwin();
  assert.ok((await errors.take()) instanceof ConnectionFailedError);
  await backEnd.setHubFaults({ clear: true });
  await sent;
  assert.equal((await twin).desired.$version, 1);
  assert.equal((await changes.take()).connected, true);
});

test('a hub that responds "server unavailable" is retried', async (t) => {
  const { client, backEnd, errors } = await createWatched(t);
  await backEnd.setFaults({ connack: 3 });
  await backEnd.drop();
  assert.ok((await errors.take()) instanceof ConnectionDroppedError);
  assert.ok((await errors.take()) instanceof ConnectionFailedError);
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('back');
});

test('a refused login ends the retries, and a later call connects again', async (t) => {
  const { client, backEnd } = await createWatched(t);
  await backEnd.setFaults({ withhold: ['puback'] });
  const sent = client.sendMessage('never acknowledged');
  await backEnd.waitForTelemetry();
  await backEnd.setFaults({ connack: 5 });
  await backEnd.drop();
  await assert.rejects(sent, CredentialError);
  assert.equal(client.connectionState, 'disconnected');
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('anew');
  assert.equal(client.connected, true);
});

test('connect while reconnecting retries immediately', async (t) => {
  const { client, backEnd, changes } = await createWatched(t, { connectionRetryInterval: 3600 });
  await backEnd.drop();
  assert.equal((await changes.take()).connected, false);
  assert.equal(client.connectionState, 'reconnecting');
  await backEnd.setHubFaults({ refuseUpgrade: true });
  await assert.rejects(client.connect(), ConnectionFailedError);
  assert.equal(client.connectionState, 'reconnecting');
  await backEnd.setHubFaults({ clear: true });
  await client.connect();
  assert.equal(client.connectionState, 'connected');
});

test('disconnect while reconnecting cancels what waits, and no retry follows', async (t) => {
  const { client, backEnd, changes } = await createWatched(t, { connectionRetryInterval: 3600 });
  await backEnd.drop();
  await changes.take();
  const cancelled = assert.rejects(client.sendMessage('waits'), OperationCancelled);
  await client.disconnect();
  await cancelled;
  assert.equal(client.connectionState, 'disconnected');
  await client.sendMessage('anew');
  assert.deepEqual(
    (await backEnd.waitForTelemetry()).map(({ text }) => text),
    ['anew'],
  );
});

test('without connectionRetry a drop fails what is unacknowledged', async (t) => {
  const { client, backEnd, changes } = await createWatched(t, { connectionRetry: false });
  await backEnd.setFaults({ withhold: ['puback', 'twin'] });
  const lost = [client.sendMessage('lost'), client.getTwin()].map((call) =>
    assert.rejects(call, ConnectionDroppedError),
  );
  await backEnd.waitForTelemetry();
  await backEnd.drop();
  await Promise.all(lost);
  assert.equal((await changes.take()).connected, false);
  assert.equal(client.connectionState, 'disconnected');
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('anew');
  assert.equal((await backEnd.state()).connections, 2);
});

test('a publish on which three connections end is given up, the next is not', async (t) => {
  const { client, backEnd, changes } = await createWatched(t);
  await backEnd.setFaults({ withhold: ['puback'] });
  const refused = assert.rejects(client.sendMessage('refused'), ConnectionDroppedError);
  const followed = client.sendMessage('followed');
  for (let connection = 1; connection <= 3; connection += 1) {
    await backEnd.waitForTelemetry(2 * connection);
    if (connection === 3) await backEnd.setFaults({ clear: true });
    await backEnd.drop();
    assert.equal((await changes.take()).connected, false);
    if (connection < 3) assert.equal((await changes.take()).connected, true);
  }
  await refused;
  await followed;
});

test('the second client of an identity takes the connection of the first', async (t) => {
  const { client, backEnd, changes } = await createWatched(t, { connectionRetry: false });
  const second = createClient(t, backEnd);
  await second.connect();
  const { connected, cause } = await changes.take();
  assert.equal(connected, false);
  assert.ok(cause instanceof ConnectionDroppedError);
  assert.equal(client.connectionState, 'disconnected');
  await second.sendMessage('from the second');
});
