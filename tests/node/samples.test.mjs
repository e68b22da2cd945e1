/** Each sample of examples/from-python, copied elsewhere, does what its Python original does. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { callHub } from '../../scripts/start/back-end.mjs';
import { createX509Device, writeCertificate } from './docs/certificates.mjs';
import { copyExample } from './docs/copies.mjs';
import { serveDevice } from './docs/pages.mjs';
import { createDevice, gateway, hub, root, startProgram, test } from './docs/programs.mjs';
import { startHttpProxy } from './transport/proxies.mjs';

const run = new Set();

/**
 * `start` runs it against the hub's TLS port, because the samples have no option for a local hub.
 */
function testSample(name, work) {
  run.add(`${name}.mjs`);
  test(`from-python/${name}`, async (t) => {
    const cwd = await copyExample(t, 'from-python');
    const authority = join(cwd, 'authority.pem');
    await writeFile(authority, hub.ca);
    const start = (env) =>
      startProgram(t, [`${name}.mjs`], { NODE_EXTRA_CA_CERTS: authority, ...env }, { cwd });
    await work({ t, cwd, start });
  });
}

const throughGateway = (connectionString) => `${connectionString};GatewayHostName=${gateway}`;

/** A sample that reads the connection string of a device. */
function testWithKey(name, work) {
  testSample(name, async (given) => {
    const backEnd = await createDevice();
    const IOTHUB_DEVICE_CONNECTION_STRING = throughGateway(backEnd.connectionString);
    const start = (env) => given.start({ IOTHUB_DEVICE_CONNECTION_STRING, ...env });
    await work({ ...given, backEnd, start });
  });
}

/** A sample that reads a certificate. */
function testWithCertificate(name, work) {
  testSample(name, async (given) => {
    const backEnd = await createX509Device(hub, name);
    const files = await writeCertificate(hub, backEnd.deviceId, given.cwd);
    const start = () =>
      given.start({
        HOSTNAME: hub.hostname,
        DEVICE_ID: backEnd.deviceId,
        X509_CERT_FILE: files.IOTHUB_CERT_FILE,
        X509_KEY_FILE: files.IOTHUB_KEY_FILE,
        GATEWAY_HOSTNAME: gateway,
      });
    await work({ ...given, backEnd, start });
  });
}

async function finish(program) {
  assert.equal(await program.ended(), 0, program.errors);
  assert.equal(program.errors, '');
  return program.output;
}

testWithKey('get-twin', async ({ backEnd, start }) => {
  await backEnd.patchDesired({ interval: 7 });
  assert.match(await finish(start()), /interval: 7/);
});

testWithKey('update-twin-reported-properties', async ({ backEnd, start }) => {
  const [, printed] = /^reported: (.*)$/m.exec(await finish(start()));
  const { temperature } = (await backEnd.twin()).properties.reported;
  assert.equal(temperature, Number(printed));
});

testWithKey('receive-twin-desired-properties-patch', async ({ backEnd, start }) => {
  const program = start();
  await backEnd.waitForPackets('suback', 'out');
  await backEnd.patchDesired({ colour: 'red' });
  await program.printed(/^desired: .*colour: 'red'/m);
  assert.equal(await program.interrupt(), 0);
});

testWithKey('receive-direct-method', async ({ backEnd, start }) => {
  const program = start();
  await backEnd.waitForPackets('suback', 'out');
  assert.deepEqual(await backEnd.invokeMethod('measure'), { status: 200, payload: 21.5 });
  assert.deepEqual(await backEnd.invokeMethod('greet'), { status: 200, payload: 'hello' });
  assert.equal((await backEnd.invokeMethod('other')).status, 404);
  await program.printed(/^method: other$/m);
  assert.equal(await program.interrupt(), 0);
});

async function receiveOne({ backEnd, start }) {
  const program = start();
  const properties = { priority: 'high' };
  await backEnd.sendMessage({ body: 'Grüße', properties, contentType: 'text/plain' });
  await program.printed(/^Grüße \{.*priority: 'high'.*\} text\/plain$/m);
  assert.equal(await program.interrupt(), 0);
  assert.equal((await backEnd.state()).pendingMessages, 0);
}

testWithKey('receive-message', receiveOne);
testWithCertificate('receive-message-x509', receiveOne);

async function sendAll({ backEnd, start }) {
  await finish(start());
  assertMessages(await backEnd.waitForTelemetry(5), 5);
}

function assertMessages(messages, count) {
  const speeds = messages.map(({ text }) => JSON.parse(text).windSpeed);
  assert.deepEqual(
    speeds,
    Array.from({ length: count }, (_, index) => 11 + index),
  );
  for (const { properties, systemProperties } of messages) {
    assert.deepEqual(properties, { warning: 'gusts' });
    assert.equal(systemProperties.correlationId, 'storm-7');
    assert.equal(systemProperties.contentType, 'application/json');
  }
  assert.equal(new Set(messages.map((message) => message.systemProperties.messageId)).size, count);
}

testWithKey('send-message', sendAll);
testWithCertificate('send-message-x509', sendAll);

testWithKey('send-message-via-proxy', async ({ t, backEnd, start }) => {
  const proxy = await startHttpProxy(t, { user: 'user', password: 'p@ss' });
  const PROXY_URL = `http://user:p%40ss@127.0.0.1:${proxy.port}`;
  await sendAll({ backEnd, start: () => start({ PROXY_URL }) });
  assert.equal((await proxy.closed()).destination, gateway);
});

testWithKey('recurring-telemetry', async ({ backEnd, start }) => {
  const program = start();
  await program.printed(/^sent message #2$/m);
  assert.equal(await program.interrupt(), 0);
  const messages = await backEnd.telemetry();
  assertMessages(messages, messages.length);
});

async function uploadOne({ backEnd, start }) {
  assert.equal(await finish(start()), 'uploaded\n');
  const path = `/local/devices/${encodeURIComponent(backEnd.deviceId)}/uploads`;
  const [{ blobName, blobUrl, isSuccess }] = (await callHub(hub, 'GET', path)).uploads;
  assert.deepEqual([blobName, isSuccess], [`${backEnd.deviceId}/greetings/hello.txt`, true]);
  const { pathname, search } = new URL(blobUrl);
  assert.equal(await (await fetch(hub.url + pathname + search)).text(), 'Hello, World!');
}

testWithKey('upload-to-blob', uploadOne);
testWithCertificate('upload-to-blob-x509', uploadOne);

testSample('use-custom-sastoken', async ({ t, start }) => {
  const backEnd = await createDevice();
  // With less than 120 seconds left, the client requests the next token immediately.
  const server = await serveDevice(t, backEnd, { lifetimes: [100] });
  const env = { TOKEN_URL: `${server}/my-device-token`, GATEWAY_HOSTNAME: gateway };
  const program = start(env);
  await program.printed(/^updated the SAS token$/m);
  const [first, second] = await backEnd.waitForPackets('connect', 'in', 2);
  assert.ok(Number(second.password.se) > Number(first.password.se) + 300, 'the first token');
  await backEnd.sendMessage({ body: 'under the second token' });
  await program.printed(/^under the second token /m);
  assert.equal(await program.interrupt(), 0);
});

testSample('send-message-via-module', async ({ start }) => {
  const { deviceId } = await createDevice();
  const path = `/local/devices/${encodeURIComponent(deviceId)}/modules/sensor`;
  const module = await callHub(hub, 'PUT', path);
  const IOTHUB_MODULE_CONNECTION_STRING = throughGateway(module.connectionString);
  await finish(start({ IOTHUB_MODULE_CONNECTION_STRING }));
  const { messages } = await callHub(hub, 'GET', `${path}/telemetry`);
  assertMessages(messages, 5);
});

test('every sample is run', () => {
  const files = readdirSync(join(root, 'examples/from-python'));
  assert.deepEqual(files.filter((file) => file.endsWith('.mjs')).sort(), [...run].sort());
});
