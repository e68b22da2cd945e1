import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import { createSasToken } from '../../examples/token-server/sas-token.mjs';
import {
  Inbox,
  IoTHubDeviceClient,
  MethodResponse,
  createDevice,
  createPair,
  hub,
  roundTrip,
  test,
  within,
} from './support.mjs';
import { startSilentServer } from './transport/servers.mjs';

/** The operations that use the connection. */
const OPERATIONS = {
  connect: (client, options) => client.connect(options),
  sendMessage: (client, options) => client.sendMessage('m', options),
  getTwin: (client, options) => client.getTwin(options),
  patchTwinReportedProperties: (client, options) =>
    client.patchTwinReportedProperties({ a: 1 }, options),
};
const RECEIVE_CALLS = {
  receiveMessage: (client, options) => client.receiveMessage(options),
  receiveMethodRequest: (client, options) => client.receiveMethodRequest(options),
  receiveTwinDesiredPropertiesPatch: (client, options) =>
    client.receiveTwinDesiredPropertiesPatch(options),
};
const HTTP_CALLS = {
  getStorageInfoForBlob: (client, options) => client.getStorageInfoForBlob('b', options),
  notifyBlobUploadStatus: (client, options) =>
    client.notifyBlobUploadStatus('c', true, 200, 'OK', options),
};
const sendMethodResponse = (client, options) =>
  client.sendMethodResponse(new MethodResponse('1', 200), options);
const updateSasToken = (client, options) => client.updateSasToken('token', options);

const EVERY_CALL = {
  ...OPERATIONS,
  ...RECEIVE_CALLS,
  ...HTTP_CALLS,
  sendMethodResponse,
  updateSasToken,
};

const listenersOf = (signal) => getEventListeners(signal, 'abort').length;

/** Aborts a waiting call, and asserts that it rejects with the reason and leaves nothing behind. */
async function assertAborted(controller, ...calls) {
  assert.equal(listenersOf(controller.signal), 1, 'one listener for all');
  const reason = new Error('the user has gone');
  controller.abort(reason);
  for (const call of calls) await assert.rejects(call, (error) => error === reason);
  assert.equal(listenersOf(controller.signal), 0);
}

/** A client that connects to a server that never responds. */
async function createUnanswered(t, options) {
  const { port } = await startSilentServer(t);
  return createPair(t, { endpoint: `ws://127.0.0.1:${port}/`, ...options });
}

for (const [name, call] of Object.entries(EVERY_CALL)) {
  test(`${name}: a signal that is aborted already rejects, and nothing happens`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const reason = new Error('too late');
    await assert.rejects(call(client, { signal: AbortSignal.abort(reason) }), (error) => {
      return error === reason;
    });
    assert.equal(client.connectionState, 'disconnected');
    assert.equal((await backEnd.state()).connections, 0);
    // Setting handlers rules out receive calls from now on.
    client.onMessageReceived = () => {};
  });

  test(`${name}: anything but an AbortSignal is a TypeError`, async (t) => {
    const { client } = await createPair(t);
    const ofOldLibrary = { aborted: true, addEventListener() {}, removeEventListener() {} };
    const deaf = { aborted: false, throwIfAborted() {} };
    for (const signal of [null, 5, {}, new AbortController(), ofOldLibrary, deaf]) {
      const expected = { name: 'TypeError', message: /AbortSignal/ };
      await assert.rejects(call(client, { signal }), expected);
    }
    assert.equal(client.connectionState, 'disconnected');
  });
}

for (const [name, call] of Object.entries({ ...OPERATIONS, ...RECEIVE_CALLS })) {
  test(`${name}: aborted while connecting, it rejects with the reason`, async (t) => {
    const { client } = await createUnanswered(t);
    const controller = new AbortController();
    await assertAborted(controller, call(client, controller));
  });
}

for (const [name, call] of Object.entries(HTTP_CALLS)) {
  test(`${name}: aborted before the response, it rejects with the reason`, async (t) => {
    const { client } = await createUnanswered(t);
    const controller = new AbortController();
    const waiting = call(client, controller);
    await new Promise(setImmediate);
    const reason = new Error('the user has gone');
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    assert.equal(listenersOf(controller.signal), 0);
  });

  test(`${name}: aborted while it waits for a token, it rejects with the reason`, async (t) => {
    const { deviceId, endpoint } = await createDevice();
    const asked = new Inbox('call of the function');
    const client = IoTHubDeviceClient.createFromSasToken(() => new Promise(() => asked.put()), {
      hostname: hub.hostname,
      deviceId,
      endpoint,
    });
    t.after(() => client.shutdown());
    await assert.rejects(call(client, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.deepEqual(asked.all, []);
    const controller = new AbortController();
    const waiting = call(client, controller);
    await asked.take();
    await assertAborted(controller, waiting);
  });
}

test('a long-lived signal collects no listeners', async (t) => {
  const { client, backEnd } = await createPair(t);
  const { signal } = new AbortController();
  for (const call of Object.values(OPERATIONS)) await call(client, { signal });
  for (const call of Object.values(RECEIVE_CALLS)) await call(client, { signal, block: false });
  const ended = [client.receiveMessage({ signal, timeout: 0 }), client.receiveMessage({ signal })];
  await backEnd.sendMessage({ body: 'm' });
  await Promise.all(ended);
  await client.getStorageInfoForBlob('b', { signal });
  await assert.rejects(HTTP_CALLS.notifyBlobUploadStatus(client, { signal }));
  await assert.rejects(sendMethodResponse(client, { signal }));
  await assert.rejects(updateSasToken(client, { signal }));
  const cancelled = client.receiveMethodRequest({ signal });
  const rejected = assert.rejects(cancelled, { name: 'OperationCancelled' });
  await client.disconnect();
  await rejected;
  assert.equal(listenersOf(signal), 0);
});

test('calls with one signal end together, and other calls continue', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ withhold: ['connack'] });
  const controller = new AbortController();
  const given = Array.from({ length: 100 }, (_, n) =>
    client.sendMessage(`given up ${n}`, controller),
  );
  const kept = client.sendMessage('kept');
  await backEnd.waitForPackets('connect', 'in');
  await assertAborted(controller, ...given);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  // The first connection has failed; the message that waited fails with it.
  await assert.rejects(kept, { name: 'ConnectionDroppedError' });
  await roundTrip(client);
  assert.deepEqual(
    (await backEnd.telemetry()).map(({ text }) => text),
    ['round trip'],
  );
});

test('a message that was sent and aborted is not resent', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const controller = new AbortController();
  const sent = client.sendMessage('once', controller);
  await backEnd.waitForTelemetry();
  await assertAborted(controller, sent);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await roundTrip(client);
  const bodies = (await backEnd.telemetry()).map(({ text }) => text);
  assert.deepEqual(bodies, ['once', 'round trip'], 'the hub has it all the same');
});

test('connect: aborted while connecting, the client is disconnected and can connect again', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ withhold: ['connack'] });
  const background = [];
  client.onBackgroundException = (error) => background.push(error);
  const controller = new AbortController();
  const connecting = client.connect(controller);
  await backEnd.waitForPackets('connect', 'in');
  await assertAborted(controller, connecting);
  assert.equal(client.connectionState, 'disconnected');
  await backEnd.setFaults({ clear: true });
  await client.connect();
  assert.deepEqual(background, []);
});

test('connect: AbortSignal.timeout rejects with its TimeoutError', async (t) => {
  const { client } = await createUnanswered(t);
  const connecting = client.connect({ signal: AbortSignal.timeout(50) });
  await assert.rejects(within(10, connecting, 'the signal has no effect'), {
    name: 'TimeoutError',
  });
  assert.equal(client.connectionState, 'disconnected');
});

test('connect: aborted while a message waits, the client still connects', async (t) => {
  const { client } = await createPair(t);
  const controller = new AbortController();
  const connecting = client.connect(controller);
  const sent = client.sendMessage('m');
  await assertAborted(controller, connecting);
  await sent;
  assert.equal(client.connected, true);
});

for (const [what, receive] of Object.entries({
  handler: (client) => (client.onMessageReceived = () => {}),
  loop: (client) => client.messages(),
})) {
  test(`connect: aborted while a ${what} waits, the client still connects`, async (t) => {
    const { client, backEnd } = await createPair(t);
    await backEnd.setFaults({ withhold: ['connack'] });
    const background = new Inbox('background exception');
    client.onBackgroundException = background.put;
    receive(client);
    const controller = new AbortController();
    const connecting = client.connect(controller);
    await backEnd.waitForPackets('connect', 'in');
    await assertAborted(controller, connecting);
    assert.equal(client.connectionState, 'connecting');
    // The attempt now belongs to the subscription, which gets its result.
    await backEnd.setFaults({ clear: true });
    await backEnd.drop();
    assert.equal((await background.take()).name, 'ConnectionDroppedError');
  });
}

test('a receive call that is aborted takes nothing from the next one', async (t) => {
  const { client, backEnd } = await createPair(t);
  const controller = new AbortController();
  const given = client.receiveMessage(controller);
  await backEnd.waitForPackets('suback', 'out');
  await assertAborted(controller, given);
  await backEnd.sendMessage({ body: 'm' });
  assert.equal((await client.receiveMessage()).text(), 'm');
});

test('a method response that is aborted before it is sent never reaches the caller', async (t) => {
  const { client, backEnd } = await createPair(t);
  const called = new Inbox('method request');
  client.onMethodRequestReceived = called.put;
  await client.connect();
  const result = backEnd.invokeMethod('m', null, { responseTimeoutInSeconds: 5 });
  result.catch(() => {});
  const controller = new AbortController();
  const request = await called.take();
  const response = MethodResponse.createFromMethodRequest(request, 200);
  await assertAborted(controller, client.sendMethodResponse(response, controller));
  await roundTrip(client);
  await assert.rejects(result, { status: 504 });
});

test('updateSasToken: the connection is renewed even if the call is aborted', async (t) => {
  const backEnd = await createDevice();
  const { primaryKey: key, deviceId, endpoint } = backEnd;
  const makeToken = (seconds) => createSasToken({ key, hostname: hub.hostname, deviceId, seconds });
  const options = { endpoint, connectionRetryInterval: 0.2 };
  const client = IoTHubDeviceClient.createFromSasToken(makeToken(600), options);
  t.after(() => client.shutdown());
  await client.connect();
  await backEnd.setFaults({ withhold: ['connack'] });
  const controller = new AbortController();
  const updated = client.updateSasToken(makeToken(7200), controller);
  const [, { sequence }] = await backEnd.waitForPackets('connect', 'in', 2);
  await assertAborted(controller, updated);
  await backEnd.setFaults({ clear: true });
  await backEnd.drop();
  await backEnd.waitForPackets('connack', 'out', 1, sequence);
  await roundTrip(client);
});
