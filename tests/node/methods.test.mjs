import assert from 'node:assert/strict';

import {
  ClientError,
  ConnectionDroppedError,
  HubError,
  Inbox,
  MethodRequest,
  MethodResponse,
  createPair,
  deferred,
  test,
  waitForPacket,
} from './support.mjs';

/** A connected client with this method handler. */
async function createDeviceWith(t, handler, options) {
  const { client, backEnd } = await createPair(t, options);
  const errors = new Inbox('background exception');
  client.onBackgroundException = errors.put;
  client.onMethodRequestReceived = (request) => handler(request, client);
  await client.connect();
  return { client, backEnd, errors };
}

const answerOf = ({ topic }) => topic.startsWith('$iothub/methods/res/');

test('a response that the handler returns is sent', async (t) => {
  const { backEnd } = await createDeviceWith(t, (request) => {
    assert.ok(request instanceof MethodRequest);
    return new MethodResponse(request.requestId, 201, { name: request.name, got: request.payload });
  });
  assert.deepEqual(await backEnd.invokeMethod('reboot now/später', { delay: 'Grüße' }), {
    status: 201,
    payload: { name: 'reboot now/später', got: { delay: 'Grüße' } },
  });
});

test('a response that the handler promises is sent', async (t) => {
  const { backEnd } = await createDeviceWith(t, async (request, client) => {
    const twin = await client.getTwin();
    return MethodResponse.createFromMethodRequest(request, 200, twin.desired.$version);
  });
  assert.deepEqual(await backEnd.invokeMethod('version'), { status: 200, payload: 1 });
});

test('a response sent with sendMethodResponse reaches the caller', async (t) => {
  const sent = new Inbox('acknowledgement of the response');
  const { backEnd } = await createDeviceWith(t, async (request, client) => {
    await client.sendMethodResponse(MethodResponse.createFromMethodRequest(request, 200, ['a', 1]));
    sent.put('acknowledged');
  });
  assert.deepEqual(await backEnd.invokeMethod('list'), { status: 200, payload: ['a', 1] });
  assert.equal(await sent.take(), 'acknowledged');
});

test('payloads of every JSON kind go both ways', async (t) => {
  const { backEnd } = await createDeviceWith(t, (request) =>
    MethodResponse.createFromMethodRequest(request, 200, request.payload),
  );
  for (const payload of [null, true, 0, -1.5, '', 'ü', [], [null, 1], {}, { a: { b: null } }]) {
    assert.deepEqual(await backEnd.invokeMethod('echo', payload), { status: 200, payload });
  }
});

test('a response without a payload carries null', async (t) => {
  const { backEnd } = await createDeviceWith(t, (request) =>
    MethodResponse.createFromMethodRequest(request, 204),
  );
  assert.deepEqual(await backEnd.invokeMethod('quiet'), { status: 204, payload: null });
  const { payload } = await waitForPacket(backEnd, 'publish', 'in', answerOf);
  assert.equal(Buffer.from(payload, 'base64').toString(), 'null');
});

test('a plain object with a status that the handler returns or promises is sent', async (t) => {
  const answers = {
    returned: () => ({ status: 200, payload: { done: true } }),
    promised: async () => ({ status: 404 }),
    bare: () => Object.assign(Object.create(null), { status: 201, payload: [1] }),
    response: (request) => new MethodResponse(request.requestId, 207),
  };
  const { backEnd } = await createDeviceWith(t, (request) => answers[request.name](request));
  const call = (name) => backEnd.invokeMethod(name);
  assert.deepEqual(await call('returned'), { status: 200, payload: { done: true } });
  assert.deepEqual(await call('promised'), { status: 404, payload: null });
  assert.deepEqual(await call('bare'), { status: 201, payload: [1] });
  assert.deepEqual(await call('response'), { status: 207, payload: null });
});

test('an object that cannot be sent as a response gets 500, and is an error', async (t) => {
  const problem = new Error('no status');
  const answers = {
    tooLarge: () => ({ status: 2 ** 31 }),
    noJson: () => ({ status: 200, payload: 1n }),
    text: () => ({ status: '200' }),
    broken: async () => ({ status: 2.5 }),
    nothing: () => ({ status: null }),
    throwing: () => ({
      get status() {
        throw problem;
      },
    }),
  };
  const { backEnd, errors } = await createDeviceWith(t, (request) => answers[request.name]());
  for (const name of Object.keys(answers)) {
    assert.equal((await backEnd.invokeMethod(name)).status, 500, name);
    assert.ok((await errors.take()) instanceof Error);
  }
});

test('any other result of the handler gets 500, and an error says why', async (t) => {
  class Answer {
    status = 200;
  }
  const values = [
    ...[5, 'ok', true, false, null, 1n, {}, { payload: 1 }, { statusCode: 200 }],
    ...[{ status: undefined }, new Response(), new Answer(), [200], () => {}],
  ];
  const { backEnd, errors } = await createDeviceWith(t, ({ name, payload }) =>
    name === 'promised' ? Promise.resolve(values[payload]) : values[payload],
  );
  for (const index of values.keys()) {
    for (const name of ['returned', 'promised']) {
      const { status } = await backEnd.invokeMethod(name, index);
      assert.equal(status, 500, String(values[index]));
      const error = await errors.take();
      assert.equal(error.constructor, TypeError);
      assert.match(error.message, /\{ status, payload \}.*sendMethodResponse/);
    }
  }
});

test('a handler that returns nothing may respond later', async (t) => {
  const { backEnd, errors } = await createDeviceWith(t, (request, client) => {
    const response = MethodResponse.createFromMethodRequest(request, 299);
    setImmediate(() => client.sendMethodResponse(response));
    return request.name === 'promised' ? Promise.resolve() : undefined;
  });
  for (const name of ['returned', 'promised']) {
    assert.equal((await backEnd.invokeMethod(name)).status, 299);
  }
  assert.deepEqual(errors.all, []);
});

test('a request cannot be changed', async (t) => {
  const requests = new Inbox('method request');
  const { backEnd } = await createDeviceWith(t, (request) => {
    requests.put(request);
    return MethodResponse.createFromMethodRequest(request, 200);
  });
  await backEnd.invokeMethod('m');
  const request = await requests.take();
  for (const field of ['requestId', 'name', 'payload']) {
    assert.throws(() => {
      request[field] = 'other';
    }, TypeError);
  }
});

test('if a handler throws, the caller gets 500 and the error is reported', async (t) => {
  const { backEnd, errors } = await createDeviceWith(t, () => {
    throw new Error('the motor is jammed');
  });
  assert.equal((await backEnd.invokeMethod('move')).status, 500);
  const error = await errors.take();
  assert.match(`${error.message} ${error.cause?.message}`, /the motor is jammed/);
});

test('if a handler rejects, the caller gets 500 and the error is reported', async (t) => {
  const { backEnd, errors } = await createDeviceWith(t, async () => {
    throw new Error('the motor is jammed');
  });
  assert.equal((await backEnd.invokeMethod('move')).status, 500);
  const error = await errors.take();
  assert.match(`${error.message} ${error.cause?.message}`, /the motor is jammed/);
});

test('a handler that throws after its response changes nothing for the caller', async (t) => {
  const { backEnd, errors } = await createDeviceWith(t, async (request, client) => {
    await client.sendMethodResponse(MethodResponse.createFromMethodRequest(request, 200, 'done'));
    throw new Error('too late');
  });
  assert.deepEqual(await backEnd.invokeMethod('move'), { status: 200, payload: 'done' });
  await errors.take();
  const published = await backEnd.packets({ type: 'publish', direction: 'in' });
  assert.equal(published.filter(answerOf).length, 1);
});

test('a second response to a request is a ClientError and is not sent', async (t) => {
  const second = new Inbox('outcome of the second answer');
  const { backEnd } = await createDeviceWith(t, async (request, client) => {
    const answer = (status) => MethodResponse.createFromMethodRequest(request, status);
    await client.sendMethodResponse(answer(200));
    await client.sendMethodResponse(answer(201)).catch(second.put);
  });
  assert.equal((await backEnd.invokeMethod('m')).status, 200);
  assert.equal((await second.take()).constructor, ClientError);
  const published = await backEnd.packets({ type: 'publish', direction: 'in' });
  assert.equal(published.filter(answerOf).length, 1);
});

test('methods run concurrently: a slow one does not hold up the next', async (t) => {
  const slow = deferred();
  const { backEnd } = await createDeviceWith(t, async (request) => {
    if (request.name === 'slow') await slow.promise;
    return MethodResponse.createFromMethodRequest(request, 200, request.name);
  });
  const first = backEnd.invokeMethod('slow');
  await waitForPacket(backEnd, 'publish', 'out', ({ topic }) => topic.includes('/slow/'));
  assert.equal((await backEnd.invokeMethod('quick')).payload, 'quick');
  slow.resolve();
  assert.equal((await first).payload, 'slow');
});

test('a response lost with the connection is reported and not resent', async (t) => {
  const outcome = new Inbox('outcome of the response');
  const { client, backEnd } = await createDeviceWith(t, (request, client) => {
    const response = MethodResponse.createFromMethodRequest(request, 200);
    client.sendMethodResponse(response).then(outcome.put, outcome.put);
  });
  await backEnd.setFaults({ withhold: ['puback'] });
  const call = backEnd.invokeMethod('m').catch((error) => error);
  await waitForPacket(backEnd, 'publish', 'in', answerOf);
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  assert.ok((await outcome.take()) instanceof ConnectionDroppedError);
  await call;
  await client.sendMessage('after');
  const published = await backEnd.packets({ type: 'publish', direction: 'in' });
  assert.equal(published.filter(answerOf).length, 1);
});

test('anything but a MethodResponse is a TypeError', async (t) => {
  const { client } = await createPair(t);
  for (const response of [undefined, null, 'ok', {}]) {
    await assert.rejects(client.sendMethodResponse(response), TypeError);
  }
});

test('clearing the handler unsubscribes, and method calls then fail at the hub', async (t) => {
  const { client, backEnd } = await createDeviceWith(t, (request) =>
    MethodResponse.createFromMethodRequest(request, 200),
  );
  assert.equal((await backEnd.invokeMethod('m')).status, 200);
  client.onMethodRequestReceived = undefined;
  const [packet] = await backEnd.waitForPackets('unsubscribe', 'in');
  assert.deepEqual(packet.unsubscriptions, ['$iothub/methods/POST/#']);
  await assert.rejects(backEnd.invokeMethod('m'), (error) => {
    assert.ok(error instanceof HubError);
    assert.equal(error.status, 404);
    return true;
  });
});
