import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';

import { tracingHost } from '../../pkg-template/trace.js';
import {
  Inbox,
  IoTHubDeviceClient,
  createDevice,
  createPair,
  hub,
  refusedEndpoint,
  test,
} from './support.mjs';

const PACKAGE = new URL('../../pkg/index.node.js', import.meta.url);
const PAYLOAD = 'the payload of a device';

/** A client with `trace`, and its records. */
async function createTraced(t, options) {
  const records = new Inbox('record');
  const pair = await createPair(t, { trace: records.put, ...options });
  pair.client.onBackgroundException = () => {};
  return { ...pair, records };
}

/** The next record that matches. */
async function next(records, matches) {
  for (;;) {
    const record = await records.take();
    if (matches(record)) return record;
  }
}

test('the trace shows the states of the connection before what follows from them', async (t) => {
  const { client, records } = await createTraced(t);
  await client.sendMessage(PAYLOAD);
  await client.disconnect();
  await next(records, ({ state }) => state === 'socket closed');
  const told = records.all.map(({ packet, state }) => packet ?? state);
  assert.deepEqual(told, [
    'connecting',
    'socket opening',
    'socket open',
    'CONNECT',
    'CONNACK',
    'connected',
    'PUBLISH',
    'PUBACK',
    'disconnected',
    'DISCONNECT',
    'socket closed',
  ]);
});

test('the record of a PUBLISH has its payload, but a copy or log of the record does not', async (t) => {
  const { client, records } = await createTraced(t);
  await client.sendMessage(PAYLOAD);
  const record = await next(records, ({ packet }) => packet === 'PUBLISH');
  assert.equal(new TextDecoder().decode(record.payload), PAYLOAD);
  for (const text of [JSON.stringify(records.all), inspect({ ...record }), inspect(record)]) {
    assert.ok(!text.includes('payload'), text);
  }
});

test('the trace shows why a connection has ended, and how long the client waits', async (t) => {
  const { client, backEnd, records } = await createTraced(t, { connectionRetryInterval: 3600 });
  await client.connect();
  await backEnd.drop();
  const closed = await next(records, ({ state }) => state === 'socket closed');
  assert.equal(closed.code, 1006);
  const { seconds } = await next(records, ({ state }) => state === 'waiting to try again');
  assert.ok(3600 * 0.79 < seconds && seconds <= 3600 * 1.2, `${seconds} s`);
  assert.match((await next(records, ({ error }) => error)).error.message, /connection was lost/);
  await client.connect();
  await next(records, ({ state }) => state === 'connected');
});

test('the trace shows why no socket could be opened', async (t) => {
  const { client, records } = await createTraced(t, { endpoint: await refusedEndpoint() });
  await assert.rejects(client.connect());
  const { reason } = await next(records, ({ state }) => state === 'socket closed');
  assert.match(reason, /ECONNREFUSED/);
});

test('the trace shows that the client waits for a token, and renews it', async (t) => {
  const { client, records } = await createTraced(t, { sasTokenTtl: 2 });
  await client.connect();
  await next(records, ({ state }) => state === 'renewing the SAS token');
  await next(records, ({ state }) => state === 'connected');

  const { deviceId, endpoint } = await createDevice();
  const asked = new Inbox('record');
  const without = IoTHubDeviceClient.createFromSasToken(() => new Promise(() => {}), {
    hostname: hub.hostname,
    deviceId,
    endpoint,
    trace: asked.put,
  });
  t.after(() => without.shutdown());
  without.connect().catch(() => {});
  await next(asked, ({ state }) => state === 'waiting for a SAS token');
});

test('a trace that throws or rejects goes to console.error, and disturbs nothing', async (t) => {
  const problem = new Error('no room for the log');
  const fail = () => {
    throw problem;
  };
  for (const trace of [fail, async () => fail()]) {
    const printed = new Inbox('console.error');
    t.mock.method(console, 'error', printed.put);
    const { client } = await createPair(t, { trace });
    await client.sendMessage(PAYLOAD);
    assert.equal(await printed.take(), problem);
    await client.shutdown();
    t.mock.restoreAll();
  }
});

test('the trace contains HTTP calls without the secret in their URL', async (t) => {
  const { client, records } = await createTraced(t);
  await client.uploadFile('a.txt', PAYLOAD);
  const calls = records.all.filter(({ http }) => http);
  assert.deepEqual(
    calls.map(({ http, url, status }) => [http, new URL(url).search, status]),
    [
      ['POST', '', 200],
      ['PUT', '', 201],
      ['POST', '', 204],
    ],
  );
  assert.ok(calls.every(({ seconds }) => seconds >= 0));
});

test('the trace contains an HTTP call without a response', async (t) => {
  const httpEndpoint = (await refusedEndpoint()).replace('ws:', 'http:').split('/$')[0];
  const { client, records } = await createTraced(t, { httpEndpoint });
  await assert.rejects(client.getStorageInfoForBlob('a'));
  const { error } = await next(records, ({ http }) => http);
  assert.match(error.message, /ECONNREFUSED/);
});

/** What a program that sends a message prints to its standard output and its standard error. */
async function printedBy(t, environment, options = '{}') {
  const { connectionString, endpoint, deviceId, primaryKey } = await createDevice();
  const program = `
    import { IoTHubDeviceClient } from ${JSON.stringify(PACKAGE.href)};
    const client = IoTHubDeviceClient.createFromConnectionString(
      ${JSON.stringify(connectionString)},
      { endpoint: ${JSON.stringify(endpoint)}, ...${options} });
    await client.sendMessage(${JSON.stringify(PAYLOAD)});
    await client.shutdown();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, DEBUG: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill());
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0, errors);
  assert.equal(output, '', 'the standard output is the program’s');
  for (const secret of [PAYLOAD, primaryKey, 'sig=']) assert.ok(!errors.includes(secret), secret);
  return errors.split('\n').map((line) => line.replace(deviceId, 'DEVICE'));
}

const LINE = /^iothub-device-client DEVICE \d\d:\d\d:\d\d\.\d{3} [a-z].*$/;

test('trace "console" writes a line for each record', async (t) => {
  const lines = await printedBy(t, {}, `{ trace: 'console' }`);
  assert.equal(lines.pop(), '');
  for (const line of lines) assert.match(line, LINE);
  const connack = lines.find((line) => line.includes('CONNACK'));
  assert.match(connack, / received CONNACK size=4 returnCode=0$/);
  assert.match(
    lines.find((line) => line.includes('opening')),
    /socket opening url=ws:\/\/127/,
  );
});

for (const list of ['iothub-device-client', '*', 'express, iothub-*', '*,-express']) {
  test(`DEBUG=${list} writes lines`, async (t) => {
    const lines = await printedBy(t, { DEBUG: list });
    assert.ok(lines.some((line) => LINE.test(line)));
  });
}

for (const list of ['', 'express', 'iothub', '*,-iothub-device-client', 'iothub.device.client']) {
  test(`DEBUG=${list} writes nothing`, async (t) => {
    assert.deepEqual(await printedBy(t, { DEBUG: list }), ['']);
  });
}

test("a client's own trace is used instead of DEBUG", async (t) => {
  const lines = await printedBy(t, { DEBUG: '*' }, '{ trace: () => {} }');
  assert.deepEqual(lines, ['']);
});

test('a record is one line, whatever it contains', async () => {
  const lines = [];
  const host = {
    log: (line) => lines.push(line),
    request: () => Promise.reject(new Error('the first line\nthe second')),
  };
  const activity = () => ({ state: 'disconnected' });
  const traced = tracingHost(host, 'console', 'hub.example/devices/d', activity);
  await assert.rejects(traced.request('https://hub.example/?sig=x', { method: 'PUT' }));
  assert.equal(lines.length, 1);
  const words =
    /PUT url=https:\/\/hub\.example\/ error="Error: the first line\\nthe second" seconds=/;
  assert.match(lines[0], words);
});
