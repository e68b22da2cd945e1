import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import {
  ClientError,
  Inbox,
  MethodResponse,
  createPair,
  isTwinGet,
  roundTrip,
  test,
  waitForPacket,
  within,
} from './support.mjs';

/** Each kind: how to iterate over it, its handler, and how the hub sends an item. */
const KINDS = {
  messages: {
    handler: 'onMessageReceived',
    receiveCall: 'receiveMessage',
    give: (backEnd, text) => backEnd.sendMessage({ body: text }),
    textOf: (message) => message.text(),
  },
  methodRequests: {
    handler: 'onMethodRequestReceived',
    receiveCall: 'receiveMethodRequest',
    give: (backEnd, text) => void backEnd.invokeMethod('m', text).catch(() => {}),
    textOf: (request) => request.payload,
  },
  desiredPropertiesPatches: {
    handler: 'onTwinDesiredPropertiesPatchReceived',
    receiveCall: 'receiveTwinDesiredPropertiesPatch',
    give: (backEnd, text) => backEnd.patchDesired({ text }),
    textOf: (patch) => patch.text,
    options: { ensureDesiredProperties: false },
  },
};

/** A device with its client, and an iteration that has subscribed. */
async function createIterating(t, kind, options, callOptions) {
  const { client, backEnd } = await createPair(t, { ...KINDS[kind].options, ...options });
  const items = client[kind](callOptions);
  await client.connect();
  return { client, backEnd, items };
}

const nextText = async (items) => {
  const { value } = await within(20, items.next(), 'no item came');
  return value.text();
};

const subscriptions = async (backEnd) => (await backEnd.state()).subscriptions.length;

/** Waits until the hub has sent a message to the client, and the client has had time to take it. */
async function delivered(client, backEnd, count = 1) {
  await backEnd.waitForPackets('publish', 'out', count);
  await roundTrip(client);
}

/** How many PUBACKs the client has sent. */
const acknowledgements = async (backEnd) =>
  (await backEnd.packets({ type: 'puback', direction: 'in' })).length;

for (const [kind, { handler, receiveCall, give, textOf }] of Object.entries(KINDS)) {
  test(`${kind}: a loop gets everything in order, and break unsubscribes`, async (t) => {
    const { client, backEnd, items } = await createIterating(t, kind);
    assert.equal(await subscriptions(backEnd), 1);
    await give(backEnd, 'a');
    const got = [];
    for await (const item of items) {
      got.push(textOf(item));
      if (got.length === 3) break;
      await give(backEnd, 'ab'[got.length - 1] + got.length);
    }
    assert.deepEqual(got, ['a', 'a1', 'b2']);
    await backEnd.waitForPackets('unsuback', 'out');
    assert.equal(await subscriptions(backEnd), 0);
    assert.deepEqual(await items.next(), { done: true, value: undefined });
    assert.equal(client.connected, true);
  });

  test(`${kind}: earlier items wait until the loop asks for them`, async (t) => {
    const { client, backEnd, items } = await createIterating(t, kind);
    for (const text of ['a', 'b', 'c']) await give(backEnd, text);
    await delivered(client, backEnd, 3);
    const got = [];
    for await (const item of items) if (got.push(textOf(item)) === 3) break;
    assert.deepEqual(got.sort(), ['a', 'b', 'c']);
  });

  test(`${kind}: a loop waits across a lost connection`, async (t) => {
    const { client, backEnd, items } = await createIterating(t, kind);
    const next = items.next();
    await backEnd.drop();
    await backEnd.waitForPackets('suback', 'out', 2);
    await roundTrip(client);
    await give(backEnd, 'later');
    const { value } = await within(20, next, 'no item came');
    assert.equal(textOf(value), 'later');
  });

  test(`${kind}: shutdown ends a loop, and later loops end immediately`, async (t) => {
    const { client, items } = await createIterating(t, kind);
    const next = items.next();
    const ended = { done: true, value: undefined };
    await client.shutdown();
    assert.deepEqual(await within(10, next, 'the loop goes on'), ended);
    assert.deepEqual(await items.next(), ended);
    assert.deepEqual(await client[kind]().next(), ended);
  });

  test(`${kind}: disconnect does not end a loop, which does not connect on its own`, async (t) => {
    const { client, backEnd, items } = await createIterating(t, kind);
    await client.disconnect();
    const next = items.next();
    await new Promise(setImmediate);
    assert.equal(client.connectionState, 'disconnected');
    await client.connect();
    await give(backEnd, 'later');
    assert.equal(textOf((await within(20, next, 'no item came')).value), 'later');
  });

  test(`${kind}: an abort rejects with the reason and unsubscribes`, async (t) => {
    const controller = new AbortController();
    const { backEnd, items } = await createIterating(t, kind, {}, controller);
    const next = [items.next(), items.next()];
    const reason = new Error('the user has gone');
    controller.abort(reason);
    for (const call of [...next, items.next()]) {
      await assert.rejects(call, (error) => error === reason);
    }
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    await backEnd.waitForPackets('unsuback', 'out');
  });

  test(`${kind}: a signal that is aborted already rejects, and nothing happens`, async (t) => {
    const { client } = await createPair(t);
    const reason = new Error('too late');
    const items = client[kind]({ signal: AbortSignal.abort(reason) });
    await assert.rejects(items.next(), (error) => error === reason);
    assert.equal(client.connectionState, 'disconnected');
    assert.throws(() => client[kind]({ signal: 5 }), TypeError);
    await client[receiveCall]({ block: false });
  });

  test(`${kind}: until the loop ends, a handler, another loop and receive calls are refused`, async (t) => {
    const { client, items } = await createIterating(t, kind);
    const { signal } = new AbortController();
    assert.throws(() => client[kind]({ signal }), ClientError);
    assert.throws(() => (client[handler] = () => {}), ClientError);
    assert.equal(client[handler], undefined);
    client[handler] = null;
    await assert.rejects(client[receiveCall]({ block: false }), ClientError);
    await items.return();
    client[handler] = () => {};
    assert.throws(() => client[kind]({ signal }), ClientError);
    client[handler] = null;
    await client[kind]().return();
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test(`${kind}: after a receive call, a loop is refused`, async (t) => {
    const { client } = await createPair(t);
    await client[receiveCall]({ block: false });
    assert.throws(() => client[kind](), ClientError);
  });

  test(`${kind}: return from outside ends a call that waits`, async (t) => {
    const { items } = await createIterating(t, kind);
    const next = items.next();
    assert.deepEqual(await items.return('value'), { done: true, value: 'value' });
    assert.deepEqual(await within(10, next, 'the loop goes on'), { done: true, value: undefined });
  });
}

test('a message stays with the hub until the loop asks for it', async (t) => {
  const { client, backEnd, items } = await createIterating(t, 'messages');
  for (const body of ['a', 'b']) await backEnd.sendMessage({ body });
  await delivered(client, backEnd, 2);
  assert.equal(await acknowledgements(backEnd), 0);
  assert.equal(await nextText(items), 'a');
  await roundTrip(client);
  assert.equal(await acknowledgements(backEnd), 1);
  await items.return();
  client.onMessageReceived = () => {};
  await backEnd.waitForPackets('puback', 'in', 2);
});

test('after-handler: a message is acknowledged when the loop asks for the next one', async (t) => {
  const options = { acknowledgeMessages: 'after-handler' };
  const { client, backEnd, items } = await createIterating(t, 'messages', options);
  for (const body of ['a', 'b']) await backEnd.sendMessage({ body });
  assert.equal(await nextText(items), 'a');
  await roundTrip(client);
  assert.equal(await acknowledgements(backEnd), 0);
  assert.equal(await nextText(items), 'b');
  await roundTrip(client);
  assert.equal(await acknowledgements(backEnd), 1);
});

test('after-handler: a message is redelivered if its loop ends with an error', async (t) => {
  const { client, backEnd } = await createPair(t, { acknowledgeMessages: 'after-handler' });
  await backEnd.sendMessage({ body: 'a' });
  const fail = async () => {
    for await (const message of client.messages()) throw new Error(message.text());
  };
  await assert.rejects(fail(), { message: 'a' });
  await client.disconnect();
  assert.equal(await acknowledgements(backEnd), 0);
  for await (const message of client.messages()) {
    assert.equal(message.text(), 'a');
    break;
  }
});

test('after-handler: a message being handled at an abort is acknowledged when its handling is done', async (t) => {
  const controller = new AbortController();
  const options = { acknowledgeMessages: 'after-handler' };
  const { backEnd, items } = await createIterating(t, 'messages', options, controller);
  await backEnd.sendMessage({ body: 'a' });
  assert.equal(await nextText(items), 'a');
  controller.abort();
  await assert.rejects(items.next(), { name: 'AbortError' });
  await backEnd.waitForPackets('puback', 'in');
});

test('several calls of next get one item each, in order', async (t) => {
  const { backEnd, items } = await createIterating(t, 'messages');
  const texts = Promise.all([nextText(items), nextText(items), nextText(items)]);
  for (const body of ['a', 'b', 'c']) await backEnd.sendMessage({ body });
  assert.deepEqual(await texts, ['a', 'b', 'c']);
});

test('sendMethodResponse responds to a method request of a loop, even after the loop', async (t) => {
  const { client, backEnd, items } = await createIterating(t, 'methodRequests');
  const results = ['a', 'b'].map((payload) => backEnd.invokeMethod('echo', payload));
  let last;
  for await (const request of items) {
    if (last) {
      last = request;
      break;
    }
    last = request;
    await client.sendMethodResponse(
      MethodResponse.createFromMethodRequest(request, 200, request.payload),
    );
  }
  await roundTrip(client);
  await client.sendMethodResponse(MethodResponse.createFromMethodRequest(last, 201, last.payload));
  assert.deepEqual(
    (await Promise.all(results)).map(({ payload }) => payload),
    ['a', 'b'],
  );
});

for (const [end, leave] of Object.entries({
  return: (items) => items.return(),
  abort: (items, controller) => controller.abort(),
})) {
  test(`method requests that wait when their loop ends by ${end} get 500`, async (t) => {
    const controller = new AbortController();
    const { client, backEnd, items } = await createIterating(t, 'methodRequests', {}, controller);
    const answers = ['a', 'b'].map((payload) => backEnd.invokeMethod('m', payload));
    await delivered(client, backEnd, 2);
    const { value } = await items.next();
    await leave(items, controller);
    await client.sendMethodResponse(MethodResponse.createFromMethodRequest(value, 200));
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 500]);
  });
}

test('method requests that wait when their loop ends go to a handler that is set then', async (t) => {
  const { client, backEnd, items } = await createIterating(t, 'methodRequests');
  const answer = backEnd.invokeMethod('m');
  await delivered(client, backEnd);
  items.return();
  client.onMethodRequestReceived = () => ({ status: 201 });
  assert.equal((await answer).status, 201);
});

test('method requests that wait at shutdown are not answered', async (t) => {
  const { client, backEnd } = await createIterating(t, 'methodRequests');
  const answer = backEnd.invokeMethod('m', null, { responseTimeoutInSeconds: 5 });
  answer.catch(() => {});
  await delivered(client, backEnd);
  const sent = (await backEnd.packets({ type: 'publish', direction: 'in' })).length;
  await client.shutdown();
  assert.equal((await backEnd.packets({ type: 'publish', direction: 'in' })).length, sent);
});

test('the first patch of a loop is the current desired properties', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.patchDesired({ interval: 7 });
  const versions = [];
  for await (const { $version, interval } of client.desiredPropertiesPatches()) {
    if (versions.push($version) === 1) {
      assert.equal(interval, 7);
      await backEnd.patchDesired({ interval: 8 });
    } else break;
  }
  assert.deepEqual(versions, [2, 3]);
  const again = client.desiredPropertiesPatches();
  const { value } = await within(20, again.next(), 'a later loop does not begin with them');
  assert.deepEqual(value, { interval: 8, $version: 3 });
});

test('more than 1,024 unread patches become the complete set', async (t) => {
  const { client, backEnd, items } = await createIterating(t, 'desiredPropertiesPatches', {
    ensureDesiredProperties: true,
  });
  const first = await items.next();
  assert.equal(first.value.$version, 1);
  const count = 1025;
  for (let n = 1; n <= count; n += 1) await backEnd.patchDesired({ [`p${n % 8}`]: n });
  await backEnd.waitForPackets('unsuback', 'out');
  const { value } = await within(20, items.next(), 'no item came');
  assert.equal(value.$version, count + 1);
  assert.equal(Object.keys(value).length, 9);
  await roundTrip(client);
  await waitForPacket(backEnd, 'publish', 'in', isTwinGet);
});

test('a loop that cannot connect reports it to onBackgroundException', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ connack: 3 });
  const errors = new Inbox('background exception');
  client.onBackgroundException = errors.put;
  const items = client.messages();
  const next = items.next();
  assert.equal((await errors.take()).name, 'ConnectionFailedError');
  await backEnd.setFaults({ clear: true });
  await client.connect();
  await backEnd.sendMessage({ body: 'a' });
  assert.equal((await next).value.text(), 'a');
});
