import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { callHub } from '../../scripts/start/back-end.mjs';
import { openPage } from '../browser/support.mjs';
import { createX509Device, writeCertificate } from './docs/certificates.mjs';
import { createDevice, environmentOf, hub, startProgram, test } from './docs/programs.mjs';

test('the device does what it says', async (t) => {
  const backEnd = await createDevice();
  const program = startProgram(t, ['examples/node/device.mjs'], environmentOf(backEnd));

  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');
  assert.ok((await backEnd.twin()).properties.reported.startedAt);
  await backEnd.sendMessage({ body: 'Grüße' });
  await program.printed(/^message: Grüße$/m);
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 200, payload: { done: true } });

  assert.equal(await program.interrupt(), 0);
  assert.match(program.output, /^method: m null$/m);
  assert.equal(program.errors, '');
});

for (const name of ['report.csv', 'Berichte/März & Co 100 %.csv', '報告 🌍.bin']) {
  test(`the upload of ${name} arrives byte for byte`, async (t) => {
    const backEnd = await createDevice();
    const content = randomBytes(100_000);
    const file = join(await createFolder(t), 'file');
    await writeFile(file, content);

    const args = ['examples/node/upload.mjs', file, name];
    const program = startProgram(t, args, environmentOf(backEnd));
    assert.equal(await program.ended(), 0, program.errors);
    assert.equal(program.output, `uploaded: ${backEnd.deviceId}/${name}\n`);

    const [upload] = await uploadsOf(backEnd);
    assert.equal(upload.blobName, `${backEnd.deviceId}/${name}`);
    assert.equal(upload.isSuccess, true);
    assert.equal(upload.statusCode, 201);
    const blob = await fetch(upload.blobUrl);
    assert.ok(Buffer.from(await blob.arrayBuffer()).equals(content), 'another content');
  });
}

test('an upload without storage says why', async (t) => {
  const backEnd = await createDevice();
  await backEnd.setFaults({ noStorage: true });
  const args = ['examples/node/upload.mjs', 'LICENSE'];
  const program = startProgram(t, args, environmentOf(backEnd));
  assert.equal(await program.ended(), 1);
  assert.match(program.errors, /ServiceError: .*400/);
  assert.doesNotMatch(program.errors, /sig=/);
  assert.deepEqual(await uploadsOf(backEnd), []);
});

test('the certificate opens the hub', async (t) => {
  const backEnd = await createX509Device(hub, 'with-certificate');
  const program = startProgram(t, ['examples/node/certificate.mjs'], {
    IOTHUB_HOSTNAME: hub.hostname,
    IOTHUB_DEVICE_ID: backEnd.deviceId,
    IOTHUB_ENDPOINT: hub.secureEndpoint,
    ...(await writeCertificate(hub, backEnd.deviceId, await createFolder(t))),
  });
  assert.equal(await program.ended(), 0, program.errors);
  const [{ secure, clientCertificate, accepted }] = await connectionsOf(backEnd);
  assert.deepEqual({ secure, clientCertificate, accepted }, {
    secure: true,
    clientCertificate: true,
    accepted: true,
  });
  const [seen] = await backEnd.telemetry();
  assert.deepEqual(JSON.parse(seen.text), { temperature: 21.5 });
});

test('the page of the token server lives on tokens that the server renews', async (t) => {
  const backEnd = await createDevice();
  const { server, url } = await startTokenServer(t, backEnd);
  const page = await openPage(t, url);
  await page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');

  const [first, second] = await backEnd.waitForPackets('connect', 'in', 2);
  assert.ok(second.password.se > first.password.se, 'the second connection has the first token');
  await backEnd.waitForTelemetry(1, (await backEnd.telemetry()).length);
  await backEnd.sendMessage({ body: 'Grüße' });
  await page.getByRole('log').filter({ hasText: 'message: Grüße' }).waitFor();
  assert.doesNotMatch(await page.getByRole('log').innerText(), /Error/);

  const everything = await everythingServed(url);
  assert.ok(everything.includes(hub.hostname));
  assert.ok(!everything.includes(backEnd.primaryKey), 'the server gives the key away');
  assert.equal(await server.interrupt(), 0);
  assert.equal(server.errors, '');
});

test('a page renews the token of its client from the token server', async (t) => {
  const backEnd = await createDevice();
  const { server, url } = await startTokenServer(t, backEnd);
  // A page of the server's that is no device yet, and has no icon.
  const isExpected = (complaint) => complaint.includes('404');
  const page = await openPage(t, `${url}/client/package.json`, { isExpected });
  await page.evaluate(async () => {
    const { IoTHubDeviceClient } = await import('/client/index.browser.js');
    const { endpoint } = await (await fetch('/my-device.json')).json();
    const getToken = async () => (await fetch('/my-device-token')).text();
    const client = IoTHubDeviceClient.createFromSasToken(await getToken(), { endpoint });
    client.onNewSasTokenRequired = async () => client.updateSasToken(await getToken());
    const changes = [];
    client.onConnectionStateChange = ({ connected }) => changes.push(connected);
    await client.connect();
    Object.assign(window, { client, changes });
  });
  const connects = await backEnd.waitForPackets('connect', 'in', 3);
  const [first, second, third] = connects.map(({ password }) => Number(password.se));
  assert.ok(first <= second && second < third, `the tokens expire at ${first}, ${second}, ${third}`);
  const [changes, state] = await page.evaluate(async () => {
    await window.client.sendMessage('under a new token');
    return [window.changes, window.client.connectionState];
  });
  assert.deepEqual([changes, state], [[true], 'connected']);
  assert.equal((await backEnd.waitForTelemetry())[0].text, 'under a new token');
});

/** What the server says of the device, the token included. */
async function everythingServed(url) {
  const paths = ['/my-device.json', '/my-device-token'];
  return (await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()))).join();
}

async function createFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'examples-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function uploadsOf(backEnd) {
  return (await logOf(backEnd, 'uploads')).uploads;
}

async function connectionsOf(backEnd) {
  return (await logOf(backEnd, 'connections')).connections;
}

const logOf = ({ deviceId }, log) =>
  callHub(hub, 'GET', `/local/devices/${encodeURIComponent(deviceId)}/${log}`);

/** The token server, whose tokens live for eight seconds, and the address of its page. */
async function startTokenServer(t, backEnd) {
  const server = startProgram(t, ['examples/token-server/server.mjs'], {
    ...environmentOf(backEnd),
    PORT: '0',
    TOKEN_SECONDS: '8',
  });
  const [, url] = await server.printed(/^open (\S+)$/m);
  return { server, url };
}
