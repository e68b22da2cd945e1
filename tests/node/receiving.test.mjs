import assert from 'node:assert/strict';

import {
  ClientError,
  ConnectionDroppedError,
  Inbox,
  OperationCancelled,
  createPair,
  roundTrip,
  test,
  waitForPacket,
} from './support.mjs';

const RECEIVE_CALLS = {
  receiveMessage: 'onMessageReceived',
  receiveMethodRequest: 'onMethodRequestReceived',
  receiveTwinDesiredPropertiesPatch: 'onTwinDesiredPropertiesPatchReceived',
};

/** A connected client that is subscribed to messages by a receive call which is over. */
async function createReceiver(t, options) {
  const { client, backEnd } = await createPair(t, options);
  assert.equal(await client.receiveMessage({ block: false }), undefined);
  return { client, backEnd };
}

/** A client whose connection was lost, and which does not reconnect for a minute. */
async function createReconnecting(t) {
  const { client, backEnd } = await createReceiver(t, { connectionRetryInterval: 60 });
  const lost = new Inbox('background exception');
  client.onBackgroundException = lost.put;
  await backEnd.drop();
  await lost.take();
  assert.equal(client.connectionState, 'reconnecting');
  return { client, backEnd };
}

/** Waits until the hub has sent a message to the client, and the client has had time to take it. */
async function delivered(client, backEnd) {
  await waitForPacket(backEnd, 'publish', 'out', ({ topic }) => topic.includes('/devicebound/'));
  await roundTrip(client);
}

test('a call opens the connection, subscribes and waits', async (t) => {
  const { client, backEnd } = await createPair(t);
  const waiting = [client.receiveMessage(), client.receiveMessage({ timeout: 30 })];
  await backEnd.waitForPackets('suback', 'out');
  await backEnd.sendMessage({ body: 'a' });
  await backEnd.sendMessage({ body: 'b' });
  const messages = await Promise.all(waiting);
  assert.deepEqual(
    messages.map((message) => message.text()),
    ['a', 'b'],
  );
  await backEnd.waitForPackets('puback', 'in', 2);
});

test('without block a call returns what has arrived, or undefined', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  await backEnd.sendMessage({ body: 'a' });
  await delivered(client, backEnd);
  assert.equal((await backEnd.state()).pendingMessages, 1, 'nobody has taken it yet');
  assert.equal((await client.receiveMessage({ block: false })).text(), 'a');
  assert.equal(await client.receiveMessage({ block: false }), undefined);
  await backEnd.waitForPackets('puback', 'in');
});

test('a message after the timeout of a call waits for the next call', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  assert.equal(await client.receiveMessage({ timeout: 0.05 }), undefined);
  await backEnd.sendMessage({ body: 'a' });
  await delivered(client, backEnd);
  assert.equal((await backEnd.state()).pendingMessages, 1);
  assert.equal((await client.receiveMessage()).text(), 'a');
});

test('the timeout of a call ends it while reconnecting too', async (t) => {
  const { client } = await createReconnecting(t);
  for (const name of Object.keys(RECEIVE_CALLS)) {
    assert.equal(await client[name]({ timeout: 0.05 }), undefined, name);
  }
  assert.equal(client.connectionState, 'reconnecting');
});

test('a call keeps waiting when the connection is lost', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  client.onBackgroundException = () => {};
  const waiting = client.receiveMessage();
  await roundTrip(client);
  await backEnd.drop();
  await roundTrip(client);
  assert.equal((await backEnd.state()).connections, 2);
  await backEnd.sendMessage({ body: 'a' });
  assert.equal((await waiting).text(), 'a');
});

test('a method that is received by name has its own queue', async (t) => {
  const { client, backEnd } = await createPair(t);
  const named = client.receiveMethodRequest({ methodName: 'own' });
  const any = client.receiveMethodRequest();
  await roundTrip(client);
  const calls = ['own', 'other', 'own'].map((name) => backEnd.invokeMethod(name));
  for (const call of calls) call.catch(() => {});
  assert.equal((await named).name, 'own');
  assert.equal((await any).name, 'other');
  const take = (options) => client.receiveMethodRequest({ ...options, timeout: 5 });
  assert.equal((await take({ methodName: 'own' })).name, 'own');
  assert.equal(await client.receiveMethodRequest({ block: false }), undefined);
});

for (const [call, handler] of Object.entries(RECEIVE_CALLS)) {
  test(`after ${call} a receive handler is refused`, async (t) => {
    const { client } = await createPair(t);
    await client[call]({ block: false });
    for (const name of Object.values(RECEIVE_CALLS)) {
      const set = (value) => {
        client[name] = value;
      };
      assert.throws(() => set(() => {}), ClientError);
      assert.throws(() => set(Promise.resolve(() => {})), ClientError);
      assert.equal(client[name], undefined);
    }
    client.onConnectionStateChange = () => {};
    client.onBackgroundException = () => {};
  });

  test(`after ${handler} was set a receive call is refused`, async (t) => {
    const { client } = await createPair(t, { autoConnect: false });
    client[handler] = () => {};
    client[handler] = null;
    for (const name of Object.keys(RECEIVE_CALLS)) {
      await assert.rejects(client[name]({ block: false }), (error) => {
        assert.equal(error.constructor, ClientError);
        return /handlers/.test(error.message);
      });
    }
  });

  test(`a wrong value for ${handler} does not exclude receive calls`, async (t) => {
    const { client } = await createPair(t);
    assert.throws(() => {
      client[handler] = 42;
    }, TypeError);
    client[handler] = undefined;
    await client[call]({ block: false });
  });
}

test('clearing a handler does not affect receive calls that wait', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  const waiting = client.receiveMessage();
  client.onMessageReceived = null;
  client.onMessageReceived = undefined;
  await roundTrip(client);
  assert.deepEqual(await backEnd.packets({ type: 'unsubscribe', direction: 'in' }), []);
  await backEnd.sendMessage({ body: 'a' });
  assert.equal((await waiting).text(), 'a');
});

for (const leave of ['disconnect', 'shutdown']) {
  test(`${leave} right after a call cancels it`, async (t) => {
    const { client } = await createReceiver(t);
    const calls = Object.keys(RECEIVE_CALLS).map((name) => client[name]());
    const cancelled = calls.map((call) => assert.rejects(call, OperationCancelled));
    await client[leave]();
    await Promise.all(cancelled);
  });

  test(`${leave} cancels a call that waits while reconnecting`, async (t) => {
    const { client } = await createReconnecting(t);
    const cancelled = assert.rejects(client.receiveMessage(), OperationCancelled);
    await client[leave]();
    await cancelled;
  });
}

test('a message after a cancelled call stays with the hub until it is taken', async (t) => {
  const { client, backEnd } = await createReceiver(t);
  const cancelled = assert.rejects(client.receiveMessage(), OperationCancelled);
  await client.disconnect();
  await cancelled;
  await backEnd.sendMessage({ body: 'precious' });
  await client.connect();
  await delivered(client, backEnd);
  assert.equal((await backEnd.state()).pendingMessages, 1);
  assert.equal((await client.receiveMessage()).text(), 'precious');
});

test('a message after a failed call stays with the hub until it is taken', async (t) => {
  const { client, backEnd } = await createReceiver(t, { connectionRetry: false });
  client.onBackgroundException = () => {};
  const failed = assert.rejects(client.receiveMessage(), ConnectionDroppedError);
  await roundTrip(client);
  await backEnd.drop();
  await failed;
  await backEnd.sendMessage({ body: 'precious' });
  await client.connect();
  await delivered(client, backEnd);
  assert.equal((await backEnd.state()).pendingMessages, 1);
  assert.equal((await client.receiveMessage()).text(), 'precious');
});

test('desired properties that were not received before disconnect arrive again', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.receiveTwinDesiredPropertiesPatch();
  await backEnd.patchDesired({ mode: 'new' });
  await waitForPacket(backEnd, 'publish', 'out', ({ topic }) => topic.includes('/PATCH/'));
  await roundTrip(client);
  await client.disconnect();
  await client.connect();
  const { mode } = await client.receiveTwinDesiredPropertiesPatch({ timeout: 20 });
  assert.equal(mode, 'new');
});
