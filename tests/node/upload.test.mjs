import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import {
  ClientError,
  IoTHubDeviceClient,
  OperationTimeout,
  assertNoSecret,
  createDevice,
  createPair,
  hub,
  test,
  within,
} from './support.mjs';
import { listen } from './transport/servers.mjs';

const CALLS = {
  getStorageInfoForBlob: (client) => client.getStorageInfoForBlob('b'),
  notifyBlobUploadStatus: (client) => client.notifyBlobUploadStatus('c', true, 200, 'OK'),
};

/** A client with a token function. */
async function createWithFunction(t, giveToken, options) {
  const { deviceId, endpoint } = await createDevice();
  const { hostname } = hub;
  const given = { hostname, deviceId, endpoint, ...options };
  const client = IoTHubDeviceClient.createFromSasToken(giveToken, given);
  t.after(() => within(10, client.shutdown(), 'shutdown did not end'));
  return client;
}

/** A client whose HTTP calls get this response. */
async function createAnswered(t, status, body) {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  const port = await listen(t, server);
  return createPair(t, { endpoint: `ws://127.0.0.1:${port}/` });
}

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}: a token function that never settles is an OperationTimeout`, async (t) => {
    const never = () => new Promise(() => {});
    const client = await createWithFunction(t, never, { operationTimeout: 0.1 });
    await assert.rejects(call(client), OperationTimeout);
  });

  test(`${name}: a failing token function is called once, and is the cause`, async (t) => {
    const reason = new Error('the back end is asleep');
    for (const fail of [
      () => Promise.reject(reason),
      () => {
        throw reason;
      },
    ]) {
      let calls = 0;
      const client = await createWithFunction(t, () => {
        calls += 1;
        return fail();
      });
      const background = [];
      client.onBackgroundException = (error) => background.push(error);
      await assert.rejects(call(client), (error) => error.cause === reason);
      await client.shutdown();
      assert.equal(calls, 1);
      assert.deepEqual(background, [], 'the call has told it');
    }
  });

  test(`${name}: a response that is not JSON is a ClientError that does not quote it`, async (t) => {
    const { client } = await createAnswered(t, 200, '{"sasToken":?sv=1&sig=SECRET}');
    await assert.rejects(call(client), (error) => {
      assert.equal(error.constructor, ClientError);
      assertNoSecret(error, 'SECRET');
      return /JSON/.test(error.message);
    });
  });
}

test('a token function that returns no token is called once, and that is a TypeError', async (t) => {
  let calls = 0;
  const client = await createWithFunction(t, async () => {
    calls += 1;
    return 'nonsense';
  });
  await assert.rejects(CALLS.getStorageInfoForBlob(client), TypeError);
  assert.equal(calls, 1);
});

test('an empty response to notifyBlobUploadStatus is accepted', async (t) => {
  const { client } = await createAnswered(t, 204, '');
  assert.equal(await CALLS.notifyBlobUploadStatus(client), undefined);
});

test('notifyBlobUploadStatus refuses a status that is not a whole number', async (t) => {
  const { client } = await createPair(t);
  for (const statusCode of [NaN, Infinity, 200.7, '200', undefined]) {
    const call = client.notifyBlobUploadStatus('c', true, statusCode, 'OK');
    await assert.rejects(call, (error) => {
      return error instanceof TypeError && /statusCode/.test(error.message);
    });
  }
});
