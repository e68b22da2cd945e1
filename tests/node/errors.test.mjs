import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { Sender } from 'ws';

import * as everything from '../../pkg/index.node.js';
import {
  ClientError,
  ConnectionDroppedError,
  ConnectionFailedError,
  CredentialError,
  IoTHubDeviceClient,
  MethodResponse,
  NoConnectionError,
  OperationCancelled,
  OperationTimeout,
  ServiceError,
  assertNoSecret,
  createClient,
  createDevice,
  createPair,
  hub,
  refusedEndpoint,
  test,
} from './support.mjs';

const WRONG_KEY = Buffer.from('this is not the key of the device').toString('base64');

test('error classes are Errors, and failures of the connection are ClientErrors', () => {
  const connectionErrors = {
    ConnectionFailedError,
    ConnectionDroppedError,
    NoConnectionError,
    CredentialError,
  };
  const others = { ClientError, OperationCancelled, OperationTimeout, ServiceError };
  for (const [name, errorClass] of Object.entries({ ...connectionErrors, ...others })) {
    assert.ok(errorClass.prototype instanceof Error, name);
    assert.equal(errorClass.name, name);
  }
  for (const errorClass of Object.values(connectionErrors)) {
    assert.ok(errorClass.prototype instanceof ClientError);
  }
  for (const errorClass of [OperationCancelled, OperationTimeout, ServiceError]) {
    assert.ok(!(errorClass.prototype instanceof ClientError));
  }
});

test('classes are shown by their exported names', () => {
  const classes = Object.entries(everything).filter(([, value]) => typeof value === 'function');
  assert.ok(classes.length > 10);
  for (const [name, { name: shown }] of classes) assert.equal(shown, name);
});

test('a client is shown with its identity and its state, and without a secret', async (t) => {
  const { client, backEnd } = await createPair(t);
  const shown = inspect(client, { breakLength: Infinity });
  const { deviceId, primaryKey } = backEnd;
  const expected = `{ hostname: '${hub.hostname}', deviceId: '${deviceId}', connectionState: 'disconnected' }`;
  assert.equal(shown, `IoTHubDeviceClient ${expected}`);
  assert.ok(!inspect(client, { showHidden: true, depth: null }).includes(primaryKey));
  await client.connect();
  assert.match(inspect([client]), /connectionState: 'connected'/);
  const ofModule = IoTHubDeviceClient.createFromConnectionString(
    `HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=${primaryKey}`,
  );
  assert.match(inspect(ofModule), /deviceId: 'd',\s+moduleId: 'm'/);
  // A Proxy has no private fields, and the class itself has no client.
  for (const none of [new Proxy(client, {}), IoTHubDeviceClient.prototype]) {
    assert.doesNotThrow(() => inspect(none));
  }
});

test('the error of the token function is the cause of the connection’s error', async (t) => {
  const { deviceId, endpoint } = await createDevice();
  const thrown = new Error('the token server is down');
  for (const [getToken, check] of [
    [() => Promise.reject(thrown), (cause) => assert.equal(cause.cause, thrown)],
    [() => '<!doctype html>', (cause) => assert.match(cause.message, /^the SAS token /)],
    [() => undefined, (cause) => assert.match(cause.message, /must return a string/)],
  ]) {
    const options = { hostname: hub.hostname, deviceId, endpoint };
    const client = IoTHubDeviceClient.createFromSasToken(getToken, options);
    t.after(() => client.shutdown());
    const told = [];
    client.onBackgroundException = (error) => told.push(error);
    await assert.rejects(client.connect(), (error) => {
      assert.equal(error.constructor, ConnectionFailedError);
      assert.match(error.message, /^there is no SAS token to connect with: /);
      check(error.cause);
      assert.deepEqual(told, [error.cause]);
      return true;
    });
  }
});

test('a wrong key is a CredentialError that says what to check', async (t) => {
  const { deviceId, endpoint } = await createDevice();
  const client = IoTHubDeviceClient.createFromSymmetricKey(WRONG_KEY, hub.hostname, deviceId, {
    endpoint,
  });
  t.after(() => client.shutdown());
  await assert.rejects(client.connect(), (error) => {
    assert.ok(error instanceof CredentialError);
    assert.equal(error.name, 'CredentialError');
    assert.match(error.message, /key/i);
    assert.match(error.message, /device/i);
    assert.match(error.message, /enabled|disabled/i);
    assert.match(error.message, /clock/i);
    assertNoSecret(error, WRONG_KEY);
    return true;
  });
  assert.equal(client.connected, false);
  assert.equal(client.connectionState, 'disconnected');
});

test('a device that the hub does not know is a CredentialError', async (t) => {
  const { primaryKey, endpoint } = await createDevice();
  const client = IoTHubDeviceClient.createFromSymmetricKey(primaryKey, hub.hostname, 'nobody', {
    endpoint,
  });
  t.after(() => client.shutdown());
  await assert.rejects(client.sendMessage('x'), (error) => {
    assert.ok(error instanceof CredentialError);
    assertNoSecret(error, primaryKey);
    return true;
  });
});

const REFUSALS = [
  [1, ClientError],
  [2, ClientError],
  [3, ConnectionFailedError],
  [4, CredentialError],
  [5, CredentialError],
];

for (const [code, errorClass] of REFUSALS) {
  test(`CONNACK ${code} to a first connect is a ${errorClass.name}, not retried`, async (t) => {
    const { client, backEnd } = await createPair(t);
    await backEnd.setFaults({ connack: code });
    await assert.rejects(client.connect(), (error) => {
      assert.equal(error.constructor, errorClass);
      assertNoSecret(error, backEnd.primaryKey);
      return true;
    });
    assert.equal(client.connectionState, 'disconnected');
    await backEnd.setFaults({ clear: true });
    await client.connect();
    assert.equal(client.connected, true);
  });
}

test('a port on which nothing listens is a ConnectionFailedError', async (t) => {
  const backEnd = await createDevice();
  const client = createClient(t, backEnd, { endpoint: await refusedEndpoint() });
  for (const call of [client.connect(), client.sendMessage('x'), client.getTwin()]) {
    await assert.rejects(call, (error) => {
      assert.equal(error.constructor, ConnectionFailedError);
      assertNoSecret(error, backEnd.primaryKey);
      return true;
    });
  }
  assert.equal(client.connectionState, 'disconnected');
});

test('a refused WebSocket upgrade is a ConnectionFailedError', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setHubFaults({ refuseUpgrade: true });
  await assert.rejects(client.connect(), ConnectionFailedError);
  await backEnd.setHubFaults({ clear: true });
  await client.connect();
});

test('calls that wait for the same failing connection all get its error', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ connack: 5 });
  const calls = [client.connect(), client.sendMessage('x'), client.getTwin()];
  await Promise.all(calls.map((call) => assert.rejects(call, CredentialError)));
});

test('a connection that drops before CONNACK is a ConnectionDroppedError', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ withhold: ['connack'] });
  const dropped = assert.rejects(client.connect(), ConnectionDroppedError);
  await backEnd.waitForPackets('connect', 'in');
  await backEnd.drop();
  await dropped;
});

test('a publish that is not acknowledged in time is an OperationTimeout', async (t) => {
  const { client, backEnd } = await createPair(t, { operationTimeout: 0.3 });
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  await assert.rejects(client.sendMessage('x'), (error) => {
    assert.ok(error instanceof OperationTimeout);
    assert.equal(error.name, 'OperationTimeout');
    return true;
  });
  assert.equal(client.connected, true);
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('y');
});

test('a publish that timed out is not resent', async (t) => {
  const { client, backEnd } = await createPair(t, { operationTimeout: 0.3 });
  client.onBackgroundException = () => {};
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  await assert.rejects(client.sendMessage('withdrawn'), OperationTimeout);
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('after');
  const seen = await backEnd.telemetry();
  assert.deepEqual(
    seen.map(({ text }) => text),
    ['withdrawn', 'after'],
  );
});

test('with operationTimeout 0 a call waits for a late response', async (t) => {
  const { client, backEnd } = await createPair(t, { operationTimeout: 0 });
  client.onBackgroundException = () => {};
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const sent = client.sendMessage('x');
  await backEnd.waitForTelemetry();
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  await sent;
});

test('a subscription that is not acknowledged in time is an OperationTimeout', async (t) => {
  const { client, backEnd } = await createPair(t, { autoConnect: false, operationTimeout: 0.3 });
  await backEnd.setFaults({ withhold: ['suback'] });
  client.onBackgroundException = () => {};
  client.onMessageReceived = () => {};
  await assert.rejects(client.connect(), OperationTimeout);
});

test('with autoConnect off every operation is a NoConnectionError', async (t) => {
  const { client, backEnd } = await createPair(t, { autoConnect: false });
  const calls = [
    client.sendMessage('x'),
    client.getTwin(),
    client.patchTwinReportedProperties({ a: 1 }),
    client.sendMethodResponse(new MethodResponse('1', 200)),
  ];
  await Promise.all(calls.map((call) => assert.rejects(call, NoConnectionError)));
  assert.equal((await backEnd.state()).connections, 0);
  await client.connect();
  await client.sendMessage('x');
});

test('a WebSocket library that cannot send fails the connection immediately, and says why', async (t) => {
  const { client } = await createPair(t);
  // A bundler that replaces `bufferutil` with an empty module does this to npm `ws`.
  t.mock.method(Sender, 'frame', () => {
    throw new TypeError('bufferUtil.mask is not a function');
  });
  await assert.rejects(client.connect(), {
    name: 'ConnectionDroppedError',
    message: /bufferUtil\.mask is not a function/,
  });
});
