/** Every block of code in docs/guide is run against the local hub, and does what its page says. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { callHub } from '../../scripts/start/back-end.mjs';
import { openPage } from '../browser/support.mjs';
import { blocks } from './docs/blocks.mjs';
import { createX509Device, writeCertificate } from './docs/certificates.mjs';
import { serveDevice } from './docs/pages.mjs';
import {
  createDevice,
  createRegistrant,
  environmentOf,
  hub,
  startProgram,
  test,
} from './docs/programs.mjs';
import { temporaryFolder } from '../outbox/producer.mjs';
import { startHttpProxy } from './transport/proxies.mjs';
import { listen } from './transport/servers.mjs';

const run = new Set();

/** A test of the block under this heading; `work` gets a new device of the hub and `start`. */
function testBlock(name, work) {
  run.add(name);
  test(`docs/guide/${name}`, async (t) => {
    const { language, code } = blocks.get(name) ?? assert.fail('there is no such block');
    const backEnd = await createDevice();
    const start =
      language === 'js'
        ? (env) => startModule(t, code, { ...environmentOf(backEnd), ...env })
        : (device, profile) => openBlock(t, code, device ?? backEnd, profile);
    await work({ t, backEnd, start });
  });
}

const startModule = (t, code, env) => startProgram(t, ['--input-type=module'], env, { code });

async function openBlock(t, html, backEnd, { endpoint, ...profile } = {}) {
  return openPage(t, await serveDevice(t, backEnd, { html, endpoint }), profile);
}

/** Waits until the program ends successfully. */
async function finish(program) {
  assert.equal(await program.ended(), 0, program.errors);
  assert.equal(program.errors, '');
  return program.output;
}

testBlock('telemetry.md: Send a message', async ({ backEnd, start }) => {
  await finish(start());
  const [json, text, bytes] = await backEnd.waitForTelemetry(3);
  assert.deepEqual(JSON.parse(json.text), { temperature: 21.5 });
  assert.equal(json.systemProperties.contentType, 'application/json');
  assert.equal(json.systemProperties.contentEncoding, 'utf-8');
  assert.equal(text.text, '21.5 °C');
  assert.equal(text.systemProperties.contentType, undefined);
  assert.deepEqual([...Buffer.from(bytes.body, 'base64')], [21, 5]);
});

testBlock('telemetry.md: Add properties', async ({ backEnd, start }) => {
  await finish(start());
  const [{ properties, systemProperties }] = await backEnd.waitForTelemetry();
  assert.deepEqual(properties, { alert: 'too hot', site: 'Köln' });
  assert.equal(systemProperties.messageId, 'reading-1');
  assert.equal(systemProperties.correlationId, 'batch-7');
});

testBlock('telemetry.md: Send many', async ({ backEnd, start }) => {
  assert.equal(await finish(start()), '1000 sent, 0 failed\n');
  const numbers = (await backEnd.telemetry()).map(({ text }) => JSON.parse(text).number);
  assert.deepEqual(numbers, [...numbers.keys()]);
  assert.equal(numbers.length, 1000);
});

testBlock('telemetry.md: Tell failures apart', async ({ backEnd, start }) => {
  assert.equal(await finish(start()), 'sent\n');
  await backEnd.setFaults({ withhold: ['puback'] });
  assert.match(await finish(start()), /^perhaps sent: .*operationTimeout/);
  await backEnd.setFaults({ clear: true, connack: 5 });
  assert.match(await finish(start()), /^login refused: .*key/);
});

testBlock('twin.md: Read it', async ({ backEnd, start }) => {
  await backEnd.patchDesired({ interval: 7 });
  const output = await finish(start());
  const { desired, reported } = (await backEnd.twin()).properties;
  assert.match(output, /^desired: .*"interval":7/);
  assert.match(output, new RegExp(`^desired: .*"\\$version":${desired.$version}`, 'm'));
  assert.match(output, new RegExp(`^reported: .*"\\$version":${reported.$version}`, 'm'));
});

testBlock('twin.md: Report properties', async ({ backEnd, start }) => {
  await finish(start());
  const { reported } = (await backEnd.twin()).properties;
  assert.equal(reported.firmware, '1.4.2');
  assert.ok(!('wifi' in reported));
});

testBlock('twin.md: Follow desired properties', async ({ backEnd, start }) => {
  await backEnd.patchDesired({ colour: 'red', shape: 'round' });
  const program = start();
  await program.printed(/^desired: .*"colour":"red"/m);
  await backEnd.patchDesired({ interval: 30, shape: null });
  await program.printed(/^desired: (?=.*"interval":30)(?=.*"shape":null)(?!.*colour)/m);
  await waitForReport(backEnd, 'interval', 30);
});

testBlock('twin.md: Handle errors', async ({ start }) => {
  assert.match(await finish(start()), /^refused: 400 /);
});

testBlock('plug-and-play.md: A device with a model', async ({ backEnd, start }) => {
  start();
  const [message] = await backEnd.waitForTelemetry(1);
  assert.equal(message.systemProperties.componentName, 'thermostat1');
  const { modelId, properties } = await backEnd.twin();
  assert.equal(modelId, 'dtmi:com:example:TemperatureController;1');
  const initial = { value: 21, ac: 203, av: 0, ad: 'set by the device' };
  assert.deepEqual(properties.reported.thermostat1, { __t: 'c', targetTemperature: initial });
  const { status, payload } = await backEnd.invokeMethod('thermostat1*getMaxMinReport');
  assert.deepEqual([status, payload.maxTemp], [200, 23.1]);
  for (const [targetTemperature, ac] of [
    [25, 200],
    [31, 400],
  ]) {
    await backEnd.patchDesired({ thermostat1: { __t: 'c', targetTemperature } });
    const { properties } = await backEnd.twin();
    const av = properties.desired.$version;
    await waitForReport(backEnd, 'thermostat1', {
      __t: 'c',
      targetTemperature: { value: 25, ac, av, ad: ac === 200 ? 'accepted' : 'at most 30 °C' },
    });
  }
});

testBlock('methods.md: Answer', async ({ backEnd, start }) => {
  start();
  await backEnd.waitForPackets('suback', 'out');
  assert.deepEqual(await backEnd.invokeMethod('switchLamp', { lamp: 'on' }), {
    status: 200,
    payload: { lamp: 'on' },
  });
  assert.deepEqual(await backEnd.invokeMethod('other'), {
    status: 404,
    payload: { message: 'there is no method other' },
  });
});

testBlock('methods.md: Answer first, work later', async ({ backEnd, start }) => {
  start();
  await backEnd.waitForPackets('suback', 'out');
  assert.equal((await backEnd.invokeMethod('update', '2.0')).status, 202);
  await waitForReport(backEnd, 'update', { version: '2.0', done: true });
});

testBlock('methods.md: In a loop', async ({ backEnd, start }) => {
  start();
  await backEnd.waitForPackets('suback', 'out');
  const answers = [1, 2].map((payload) => backEnd.invokeMethod('measure', payload));
  assert.deepEqual(await Promise.all(answers), [
    { status: 200, payload: { channel: 1 } },
    { status: 200, payload: { channel: 2 } },
  ]);
});

testBlock('cloud-to-device.md: Receive', async ({ backEnd, start }) => {
  await backEnd.sendMessage({ body: 'kept', messageId: 'm1', properties: { priority: 'low' } });
  const program = start();
  await program.printed(/^m1 kept low$/m);
  await backEnd.sendMessage({ body: 'Grüße', messageId: 'm2', properties: { priority: 'high' } });
  await program.printed(/^m2 Grüße high$/m);
});

testBlock('cloud-to-device.md: Lose no messages', async ({ t, backEnd, start }) => {
  const receiver = await startReceiver(t);
  await backEnd.sendMessage({ body: 'important' });
  receiver.status = 503;
  const program = start({ FORWARD_TO: receiver.url });
  await program.printed(/^failed: Error: the receiver answered 503$/m);
  assert.equal((await backEnd.state()).pendingMessages, 1);
  await program.kill();

  receiver.status = 200;
  start({ FORWARD_TO: receiver.url });
  await backEnd.waitForPackets('puback', 'in');
  assert.equal((await backEnd.state()).pendingMessages, 0);
  assert.deepEqual(receiver.bodies, ['important', 'important']);
});

testBlock('cloud-to-device.md: In a loop', async ({ backEnd, start }) => {
  for (const body of ['first', 'stop', 'kept']) await backEnd.sendMessage({ body });
  assert.equal(await finish(start()), 'first\n');
  assert.equal((await backEnd.state()).pendingMessages, 1);
});

testBlock('upload.md: In Node.js', async ({ backEnd, start }) => {
  assert.equal(await finish(start()), '28 of 28 bytes\n');
  assert.equal(await uploaded(backEnd, 'reports/März.csv'), 'time;temperature\n12:00;21.5\n');
});

testBlock('upload.md: In a page', async ({ backEnd, start }) => {
  const page = await start();
  const file = { name: 'Bild 1.txt', mimeType: 'text/plain', buffer: Buffer.from('Grüße') };
  await page.locator('#file:enabled').setInputFiles(file);
  const result = page.getByRole('status');
  await result.filter({ hasText: 'Bild 1.txt is uploaded' }).waitFor();
  assert.equal(await uploaded(backEnd, 'Bild 1.txt'), 'Grüße');
});

testBlock('upload.md: Step by step', async ({ backEnd, start }) => {
  await finish(start());
  assert.equal(await uploaded(backEnd, 'photo.txt'), 'all of it');
});

testBlock('connection.md: Give up waiting', async ({ backEnd, start }) => {
  await backEnd.setFaults({ withhold: ['puback'] });
  assert.equal(await finish(start()), 'given up: TimeoutError\n');
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('tokens.md: From a key', async ({ backEnd, start }) => {
  const now = Date.now() / 1000;
  await finish(start(keyOf(backEnd)));
  const [{ password }] = await backEnd.packets({ type: 'connect' });
  assert.ok(Math.abs(Number(password.se) - now - 900) < 60, 'not a token of 15 minutes');
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('tokens.md: From a function', async ({ t, backEnd, start }) => {
  const server = await serveDevice(t, backEnd);
  const { IOTHUB_DEVICE_KEY, ...identity } = keyOf(backEnd);
  await finish(start({ ...identity, TOKEN_URL: `${server}/my-device-token` }));
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('tokens.md: In a page', async ({ backEnd, start }) => {
  const page = await start();
  await page.getByRole('status').filter({ hasText: 'sent' }).waitFor();
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('tokens.md: One token at a time', async ({ t, backEnd, start }) => {
  // With less than 120 seconds left, the client requests the next token immediately.
  const server = await serveDevice(t, backEnd, { lifetimes: [100] });
  const program = start({ TOKEN_URL: `${server}/my-device-token` });
  await program.printed(/^renewed$/m);
  const [first, second] = await backEnd.waitForPackets('connect', 'in', 2);
  assert.ok(Number(second.password.se) > Number(first.password.se) + 300, 'the first token');
  await backEnd.waitForTelemetry();
});

testBlock('certificates.md: In Node.js', async ({ t, start }) => {
  const folder = await mkdtemp(join(tmpdir(), 'docs-'));
  t.after(() => rm(folder, { recursive: true }));
  const backEnd = await createX509Device(hub, 'certificate-in-node');
  await finish(
    start({
      IOTHUB_HOSTNAME: hub.hostname,
      IOTHUB_DEVICE_ID: backEnd.deviceId,
      IOTHUB_ENDPOINT: hub.secureEndpoint,
      ...(await writeCertificate(hub, backEnd.deviceId, folder)),
    }),
  );
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('certificates.md: In a page', async ({ start }) => {
  const backEnd = await createX509Device(hub, 'certificate-in-page');
  const { cert, key } = await hub.issueCertificate(backEnd.deviceId);
  const pem = { cert: Buffer.from(cert), key: Buffer.from(key) };
  const page = await start(backEnd, {
    endpoint: hub.secureEndpoint,
    ignoreHTTPSErrors: true,
    clientCertificates: [{ origin: new URL(hub.secureUrl).origin, ...pem }],
  });
  await page.getByRole('status').filter({ hasText: 'sent' }).waitFor();
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('connection.md: Opened twice', async ({ start }) => {
  const older = await start();
  const stateOf = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  await stateOf(older, /^connected$/);
  const newer = await older.context().newPage();
  await newer.goto(older.url());
  await stateOf(older, 'another page or worker has connected');
  await stateOf(newer, /^connected$/);
  await older.getByRole('button', { name: 'Use this tab' }).click();
  await stateOf(newer, 'another page or worker has connected');
  await stateOf(older, /^connected$/);
});

testBlock('proxies.md: In Node.js', async ({ t, backEnd, start }) => {
  const proxy = await startHttpProxy(t, { user: 'user', password: 'p@ss' });
  await finish(start({ PROXY_URL: `http://user:p%40ss@127.0.0.1:${proxy.port}` }));
  const { destination, sent } = await proxy.closed();
  assert.equal(destination, new URL(backEnd.endpoint).host);
  assert.ok(sent > 0);
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('outbox.md: Store messages', async ({ t, backEnd, start }) => {
  await finish(start({ OUTBOX_FOLDER: await temporaryFolder(t) }));
  const messages = await backEnd.telemetry();
  assert.deepEqual(
    messages.map(({ text }) => JSON.parse(text).temperature),
    [21.5, 21.7],
  );
  for (const { systemProperties } of messages)
    assert.match(systemProperties.messageId, /^[\w-]{36}$/);
});

testBlock('outbox.md: In a page', async ({ backEnd, start }) => {
  const page = await start();
  await page.getByRole('status').filter({ hasText: 'stored' }).waitFor();
  await backEnd.waitForTelemetry();
});

testBlock('outbox.md: Limits', async ({ t, start }) => {
  assert.equal(await finish(start({ OUTBOX_FOLDER: await temporaryFolder(t) })), '');
});

testBlock('outbox.md: Encrypt what is stored', async ({ t, backEnd, start }) => {
  const OUTBOX_FOLDER = await temporaryFolder(t);
  await finish(start({ OUTBOX_FOLDER, OUTBOX_KEY: '0123456789abcdef'.repeat(4) }));
  const [{ text }] = await backEnd.telemetry();
  assert.deepEqual(JSON.parse(text), { temperature: 21.5 });
});

testBlock('outbox.md: A store of your own', async ({ backEnd, start }) => {
  await finish(start());
  assert.equal((await backEnd.telemetry()).length, 1);
});

testBlock('provisioning.md: Enroll devices in the portal', async ({ start }) => {
  const env = await createRegistrant('guide-1');
  assert.equal(await finish(start(env)), `${env.PROVISIONING_SYMMETRIC_KEY}\n`);
});

testBlock('provisioning.md: Register and connect', async ({ start }) => {
  await finish(start(await createRegistrant('guide-2')));
  const backEnd = await createDevice('guide-2');
  assert.equal(JSON.parse((await backEnd.waitForTelemetry())[0].text).temperature, 21.5);
});

testBlock('provisioning.md: A certificate from the service', async ({ t, start }) => {
  const registrant = await createRegistrant('guide-5');
  const IOTHUB_CA_FILE = join(await temporaryFolder(t), 'ca.pem');
  await writeFile(IOTHUB_CA_FILE, hub.ca);
  await finish(start({ ...registrant, IOTHUB_ENDPOINT: hub.secureEndpoint, IOTHUB_CA_FILE }));
  assert.equal((await (await createDevice('guide-5')).telemetry()).length, 1);
});

testBlock('provisioning.md: In a page', async ({ t, backEnd }) => {
  const { code: html } = blocks.get('provisioning.md: In a page');
  const registrant = await createRegistrant('guide-3');
  const page = await openPage(t, await serveDevice(t, backEnd, { html, registrant }));
  await page.getByRole('status').filter({ hasText: 'sent' }).waitFor();
  assert.equal((await (await createDevice('guide-3')).telemetry()).length, 1);
});

testBlock('provisioning.md: Only register', async ({ start }) => {
  const printed = await finish(start(await createRegistrant('guide-4')));
  assert.equal(printed, `${hub.hostname} guide-4\n`);
});

test('every block of the guide is run', () => {
  assert.deepEqual([...blocks.keys()].sort(), [...run].sort());
});

const keyOf = ({ deviceId, primaryKey }) => ({
  IOTHUB_HOSTNAME: hub.hostname,
  IOTHUB_DEVICE_ID: deviceId,
  IOTHUB_DEVICE_KEY: primaryKey,
});

/** Waits until the twin has this reported property. */
async function waitForReport(backEnd, name, value) {
  const seen = await backEnd.waitForPackets('publish', 'in');
  for (let last = seen.at(-1).sequence; ;) {
    const { reported } = (await backEnd.twin()).properties;
    if (name in reported) return assert.deepEqual(reported[name], value);
    last = (await backEnd.waitForPackets('publish', 'in', 1, last)).at(-1).sequence;
  }
}

/** The content of the one blob that the device uploaded under this name. */
async function uploaded(backEnd, name) {
  const path = `/local/devices/${encodeURIComponent(backEnd.deviceId)}/uploads`;
  const { uploads } = await callHub(hub, 'GET', path);
  assert.equal(uploads.length, 1);
  assert.equal(uploads[0].blobName, `${backEnd.deviceId}/${name}`);
  assert.equal(uploads[0].isSuccess, true);
  return (await fetch(uploads[0].blobUrl)).text();
}

/** A server that responds with `status` and keeps what it receives. */
async function startReceiver(t) {
  const receiver = { status: 200, bodies: [] };
  const server = createServer(async (request, response) => {
    receiver.bodies.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(receiver.status).end();
  });
  receiver.url = `http://127.0.0.1:${await listen(t, server)}/`;
  return receiver;
}
