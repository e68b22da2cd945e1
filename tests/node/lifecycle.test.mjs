import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import * as iothub from './support.mjs';
import {
  ClientError,
  IoTHubDeviceClient,
  MethodResponse,
  OperationCancelled,
  createDevice,
  createPair,
  runProgram,
  test,
} from './support.mjs';

test('connected and connectionState follow connect and disconnect', async (t) => {
  const { client, backEnd } = await createPair(t);
  assert.equal(client.connected, false);
  assert.equal(client.connectionState, 'disconnected');
  const connecting = client.connect();
  assert.equal(client.connectionState, 'connecting');
  await connecting;
  assert.equal(client.connected, true);
  assert.equal(client.connectionState, 'connected');
  assert.equal((await backEnd.state()).connected, true);
  await client.disconnect();
  assert.equal(client.connected, false);
  assert.equal(client.connectionState, 'disconnected');
  await backEnd.waitForPackets('disconnect', 'in');
  assert.equal((await backEnd.state()).connected, false);
});

test('connected and connectionState are read only', async (t) => {
  const { client } = await createPair(t);
  for (const name of ['connected', 'connectionState']) {
    assert.throws(() => {
      client[name] = true;
    }, TypeError);
  }
});

test('several calls of connect make one connection', async (t) => {
  const { client, backEnd } = await createPair(t);
  await Promise.all([client.connect(), client.connect()]);
  await client.connect();
  assert.equal((await backEnd.state()).connections, 1);
});

test('a client connects again after disconnect', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await client.disconnect();
  await client.connect();
  await client.disconnect();
  await client.sendMessage('opens the connection by itself');
  assert.equal((await backEnd.state()).connections, 3);
});

test('disconnect resolves even without a connection', async (t) => {
  const { client } = await createPair(t);
  await client.disconnect();
  await client.connect();
  await Promise.all([client.disconnect(), client.disconnect()]);
  await client.disconnect();
});

test('disconnect cancels what is unacknowledged', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback', 'twin'] });
  const cancelled = [
    client.sendMessage('x'),
    client.getTwin(),
    client.patchTwinReportedProperties({ a: 1 }),
  ].map((call) => assert.rejects(call, OperationCancelled));
  await backEnd.waitForTelemetry();
  await client.disconnect();
  await Promise.all(cancelled);
  assert.equal(client.connectionState, 'disconnected');
});

test('calls that disconnect cancelled are not resent by the next connection', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const cancelled = assert.rejects(client.sendMessage('cancelled'), OperationCancelled);
  await backEnd.waitForTelemetry();
  await client.disconnect();
  await cancelled;
  await backEnd.setFaults({ clear: true });
  await client.sendMessage('new');
  const seen = await backEnd.telemetry();
  assert.deepEqual(
    seen.map(({ text: body }) => body),
    ['cancelled', 'new'],
  );
});

test('disconnect while connecting cancels the attempt', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.setFaults({ withhold: ['connack'] });
  const cancelled = [client.connect(), client.sendMessage('x')].map((call) =>
    assert.rejects(call, OperationCancelled),
  );
  await backEnd.waitForPackets('connect', 'in');
  await client.disconnect();
  await Promise.all(cancelled);
  assert.equal(client.connectionState, 'disconnected');
});

test('after shutdown calls are ClientErrors, but shutdown and disconnect resolve', async (t) => {
  const { client } = await createPair(t);
  await client.connect();
  await client.shutdown();
  const calls = [
    client.connect(),
    client.sendMessage('x'),
    client.getTwin(),
    client.patchTwinReportedProperties({}),
    client.sendMethodResponse(new MethodResponse('1', 200)),
  ];
  for (const call of calls) {
    await assert.rejects(call, (error) => error.constructor === ClientError);
  }
  await client.shutdown();
  await client.disconnect();
  assert.equal(client.connectionState, 'disconnected');
});

test('shutdown cancels what is unacknowledged', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const cancelled = assert.rejects(client.sendMessage('x'), OperationCancelled);
  await backEnd.waitForTelemetry();
  await client.shutdown();
  await cancelled;
});

test('a client has Symbol.asyncDispose if the platform has it', async (t) => {
  const { client } = await createPair(t);
  await client.connect();
  assert.equal(typeof Symbol.asyncDispose, 'symbol');
  await client[Symbol.asyncDispose]();
  await assert.rejects(client.connect(), ClientError);
});

test('methods with missing arguments reject instead of throwing', async (t) => {
  const { client } = await createPair(t, { autoConnect: false });
  for (const name of ['sendMessage', 'patchTwinReportedProperties', 'sendMethodResponse']) {
    const result = client[name]();
    assert.ok(result instanceof Promise, name);
    await assert.rejects(result, Error);
  }
});

test('two clients work in one process', async (t) => {
  const pairs = await Promise.all([createPair(t), createPair(t)]);
  await Promise.all(pairs.map(({ client, backEnd }) => client.sendMessage(backEnd.deviceId)));
  for (const { backEnd } of pairs) {
    const seen = await backEnd.waitForTelemetry();
    assert.deepEqual(
      seen.map(({ text: body }) => body),
      [backEnd.deviceId],
    );
  }
});

test('require returns the same package as import', () => {
  const required = createRequire(import.meta.url)('../../pkg/index.node.js');
  assert.equal(required.IoTHubDeviceClient, IoTHubDeviceClient);
});

test('the package exports its version', () => {
  assert.match(iothub.version, /^\d+\.\d+\.\d+/);
});

const PROGRAMS = {
  'after shutdown': `
    await client.connect();
    await client.sendMessage('x');
    await client.shutdown();`,
  'after disconnect, with all handlers set': `
    client.onMessageReceived = () => {};
    client.onMethodRequestReceived = () => {};
    client.onTwinDesiredPropertiesPatchReceived = () => {};
    await client.connect();
    await client.disconnect();`,
  'when a client was never connected': '',
  'after a failed connect': `
    await client.connect().then(() => process.exit(3), () => {});`,
};

for (const [when, program] of Object.entries(PROGRAMS)) {
  test(`the process ends on its own ${when}`, async (t) => {
    const backEnd = await createDevice();
    if (when === 'after a failed connect') await backEnd.setFaults({ connack: 5 });
    await runProgram(t, backEnd, `const client = createClient(); ${program}`);
  });
}
