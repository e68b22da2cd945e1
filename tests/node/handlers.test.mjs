import assert from 'node:assert/strict';

import { Handlers } from '../../pkg-template/handlers.js';

import {
  ConnectionDroppedError,
  ConnectionFailedError,
  Inbox,
  createPair,
  deferred,
  refusedEndpoint,
  roundTrip,
  test,
  waitForPacket,
} from './support.mjs';

const HANDLERS = [
  'onMessageReceived',
  'onMethodRequestReceived',
  'onTwinDesiredPropertiesPatchReceived',
  'onConnectionStateChange',
  'onNewSasTokenRequired',
  'onBackgroundException',
];

const isTwinAnswer = ({ topic }) => topic.startsWith('$iothub/twin/res/');

/** A connected client with this message handler. */
async function createReceiver(t, handler) {
  const { client, backEnd } = await createPair(t);
  const errors = new Inbox('background exception');
  client.onBackgroundException = errors.put;
  client.onMessageReceived = handler;
  await client.connect();
  return { client, backEnd, errors };
}

for (const name of HANDLERS) {
  test(`${name} accepts and returns functions, Promises of functions, null and undefined`, async (t) => {
    const { client } = await createPair(t, { autoConnect: false });
    const values = [() => {}, async () => {}, Promise.resolve(() => {}), null, () => {}, undefined];
    for (const value of values) {
      client[name] = value;
      assert.equal(client[name], value);
    }
  });

  test(`${name} refuses anything else with a TypeError that names it`, async (t) => {
    const { client } = await createPair(t, { autoConnect: false });
    const handler = () => {};
    client[name] = handler;
    for (const value of [1, 'f', true, {}, [], Symbol('s')]) {
      assert.throws(
        () => {
          client[name] = value;
        },
        (error) => error instanceof TypeError && error.message.includes(name),
      );
      assert.equal(client[name], handler);
    }
  });
}

test('an async handler is called', async (t) => {
  const messages = new Inbox('message');
  const { backEnd } = await createReceiver(t, async (message) => messages.put(message));
  await backEnd.sendMessage({ body: 'a' });
  assert.equal((await messages.take()).text(), 'a');
});

test('messages wait until the Promise of a handler settles', async (t) => {
  const handler = deferred();
  const messages = new Inbox('message');
  const { client, backEnd } = await createReceiver(t, handler.promise);
  await backEnd.sendMessage({ body: 'a' });
  await backEnd.sendMessage({ body: 'b' });
  await backEnd.waitForPackets('publish', 'out', 2);
  await roundTrip(client);
  handler.resolve(messages.put);
  assert.equal((await messages.take()).text(), 'a');
  assert.equal((await messages.take()).text(), 'b');
});

test('handlers start in order of arrival, without waiting for the previous one', async (t) => {
  const started = new Inbox('message');
  const first = deferred();
  const { backEnd } = await createReceiver(t, async (message) => {
    started.put(message.text());
    if (message.text() === 'first') await first.promise;
  });
  await backEnd.sendMessage({ body: 'first' });
  await backEnd.sendMessage({ body: 'second' });
  assert.equal(await started.take(), 'first');
  assert.equal(await started.take(), 'second');
  first.resolve();
});

test('a new handler replaces the previous one', async (t) => {
  const old = new Inbox('message');
  const { client, backEnd } = await createReceiver(t, old.put);
  const messages = new Inbox('message');
  client.onMessageReceived = messages.put;
  await backEnd.sendMessage({ body: 'a' });
  await messages.take();
  assert.deepEqual(old.all, []);
});

test('handlers may call any method of the client', async (t) => {
  const done = new Inbox('end of the handler');
  const { client, backEnd } = await createPair(t);
  client.onMessageReceived = async () => {
    await client.sendMessage('from the handler');
    const twin = await client.getTwin();
    await client.patchTwinReportedProperties({ version: twin.desired.$version });
    await client.disconnect();
    done.put(client.connected);
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'go' });
  assert.equal(await done.take(), false);
  assert.equal((await backEnd.waitForTelemetry())[0].text, 'from the handler');
});

test('handlers are never called inside a call of the client', async (t) => {
  const { client } = await createReceiver(t, () => {});
  let inside = false;
  const seen = new Inbox('call of a handler');
  client.onConnectionStateChange = () => seen.put(inside);
  const call = (work) => {
    inside = true;
    const result = work();
    inside = false;
    return result;
  };
  await call(() => client.disconnect());
  assert.equal(await seen.take(), false);
  await call(() => client.connect());
  assert.equal(await seen.take(), false);
});

test('the error of a handler that throws is reported, and nothing else is affected', async (t) => {
  const messages = new Inbox('message');
  const thrown = new Error('bug in the application');
  const { client, backEnd, errors } = await createReceiver(t, (message) => {
    messages.put(message.text());
    if (message.text() === 'bad') throw thrown;
  });
  await backEnd.sendMessage({ body: 'bad' });
  await backEnd.sendMessage({ body: 'good' });
  assert.equal(await messages.take(), 'bad');
  assert.equal(await messages.take(), 'good');
  const error = await errors.take();
  assert.ok(error === thrown || error.cause === thrown);
  assert.equal(client.connected, true);
  await client.sendMessage('still works');
});

const TRIGGERS = {
  onMessageReceived: (backEnd) => backEnd.sendMessage({ body: 'x' }),
  onMethodRequestReceived: (backEnd) => backEnd.invokeMethod('m'),
  onTwinDesiredPropertiesPatchReceived: (backEnd) => backEnd.patchDesired({ a: 1 }),
  onConnectionStateChange: (backEnd) => backEnd.drop(),
};

for (const [name, trigger] of Object.entries(TRIGGERS)) {
  test(`the error of an ${name} that rejects is reported, and nothing else is affected`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const errors = new Inbox('background exception');
    const rejection = new Error('bug in the application');
    client.onBackgroundException = errors.put;
    client[name] = async () => {
      throw rejection;
    };
    await client.connect();
    await trigger(backEnd);
    let error;
    do error = await errors.take();
    while (error !== rejection && error.cause !== rejection);
    await client.sendMessage('still works');
  });
}

test('without onBackgroundException a failing handler logs one console.error', async (t) => {
  const { client, backEnd } = await createPair(t);
  const printed = new Inbox('console.error');
  t.mock.method(console, 'error', printed.put);
  client.onMessageReceived = () => {
    throw new Error('bug in the application');
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'x' });
  await printed.take();
  await roundTrip(client);
  assert.equal(printed.all.length, 1);
});

test('an onBackgroundException that throws logs one console.error', async (t) => {
  const { client, backEnd } = await createPair(t);
  const printed = new Inbox('console.error');
  t.mock.method(console, 'error', printed.put);
  client.onBackgroundException = () => {
    throw new Error('bug in the bug handler');
  };
  client.onMessageReceived = () => {
    throw new Error('bug in the application');
  };
  await client.connect();
  await backEnd.sendMessage({ body: 'x' });
  await printed.take();
  await roundTrip(client);
  assert.equal(printed.all.length, 1);
});

test('setting a receive handler connects and subscribes', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onMessageReceived = () => {};
  const [packet] = await backEnd.waitForPackets('subscribe', 'in');
  assert.equal(packet.subscriptions[0].topic, `devices/${backEnd.deviceId}/messages/devicebound/#`);
  assert.equal(client.connected, true);
});

test('with autoConnect off a receive handler waits for connect', async (t) => {
  const { client, backEnd } = await createPair(t, { autoConnect: false });
  client.onMessageReceived = () => {};
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(client.connectionState, 'disconnected');
  await client.connect();
  const { connections, subscriptions } = await backEnd.state();
  assert.equal(connections, 1);
  assert.equal(subscriptions.length, 1);
});

test('if setting a receive handler cannot connect, the error is reported', async (t) => {
  const { client } = await createPair(t, { endpoint: await refusedEndpoint() });
  const errors = new Inbox('background exception');
  client.onBackgroundException = errors.put;
  client.onMessageReceived = () => {};
  assert.ok((await errors.take()) instanceof ConnectionFailedError);
});

test('onConnectionStateChange reports each change, and the cause of a loss', async (t) => {
  const { client, backEnd } = await createPair(t);
  const changes = new Inbox('state change');
  const errors = new Inbox('background exception');
  client.onConnectionStateChange = changes.put;
  client.onBackgroundException = errors.put;
  await client.connect();
  const connected = await changes.take();
  assert.equal(connected.connected, true);
  assert.equal(connected.cause, undefined);

  await backEnd.drop();
  const lost = await changes.take();
  assert.equal(lost.connected, false);
  assert.ok(lost.cause instanceof ConnectionDroppedError);
  assert.ok((await errors.take()) instanceof ConnectionDroppedError);
  assert.equal((await changes.take()).connected, true);

  await client.disconnect();
  const left = await changes.take();
  assert.equal(left.connected, false);
  assert.equal(left.cause, undefined);
  assert.equal(changes.all.length, 4);
});

test('no handler starts after disconnect', async (t) => {
  const handler = deferred();
  const messages = new Inbox('message');
  const { client, backEnd } = await createReceiver(t, handler.promise);
  await backEnd.sendMessage({ body: 'waits for its handler' });
  await backEnd.waitForPackets('publish', 'out');
  await roundTrip(client);
  await client.disconnect();
  handler.resolve(messages.put);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(messages.all, []);
});

test('desired properties that wait for a handler arrive again after disconnect', async (t) => {
  const { client, backEnd } = await createPair(t);
  const patches = new Inbox('desired properties');
  const handler = deferred();
  client.onTwinDesiredPropertiesPatchReceived = handler.promise;
  await client.connect();
  await waitForPacket(backEnd, 'publish', 'out', isTwinAnswer);
  await roundTrip(client);
  await client.disconnect();
  handler.resolve(patches.put);
  await client.connect();
  assert.equal((await patches.take()).$version, 1);
});

test('desired properties that reached no handler are passed to the next one', async (t) => {
  const { client, backEnd } = await createPair(t);
  const patches = new Inbox('desired properties');
  const errors = new Inbox('background exception');
  const handler = deferred();
  client.onBackgroundException = errors.put;
  client.onTwinDesiredPropertiesPatchReceived = handler.promise;
  await client.connect();
  await waitForPacket(backEnd, 'publish', 'out', isTwinAnswer);
  await roundTrip(client);
  handler.reject(new Error('the chunk was not loaded'));
  await errors.take();
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  assert.equal((await patches.take()).$version, 1);
});

test('a handler that is called for a token is not called again while it is running', async () => {
  const shell = { tell() {}, wake() {}, report: assert.fail, receiving: {} };
  const handlers = new Handlers(shell);
  const calls = [];
  const handler = () => new Promise((resolve, reject) => calls.push({ resolve, reject }));
  handlers.set('onNewSasTokenRequired', handler);
  const ask = () => {
    handlers.askForToken();
    handlers.askForToken();
    handlers.callAll();
    return calls.length;
  };
  assert.equal(ask(), 1);
  assert.equal(ask(), 1);
  calls[0].resolve();
  await new Promise(setImmediate);
  assert.equal(ask(), 2);
  shell.report = () => {};
  calls[1].reject(new Error('no token'));
  await new Promise(setImmediate);
  assert.equal(ask(), 3);
});
