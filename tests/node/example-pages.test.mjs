/** Each page of examples/, copied elsewhere, is a device in Chromium. */
import assert from 'node:assert/strict';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

import { callHub } from '../../scripts/start/back-end.mjs';
import { openPage } from '../browser/support.mjs';
import { copyExample } from './docs/copies.mjs';
import {
  createDevice,
  createRegistrant,
  environmentOf,
  hub,
  startProgram,
  test,
} from './docs/programs.mjs';

for (const name of ['browser', 'worker']) {
  test(`the device of the example ${name} works in a page that is served as files`, async (t) => {
    const server = fastify({ forceCloseConnections: true });
    server.register(fastifyStatic, { root: await copyExample(t, name) });
    t.after(() => server.close());
    const backEnd = await createDevice();
    const page = await openPage(t, await server.listen({ host: '127.0.0.1', port: 0 }));
    await logIn(page, backEnd);
    const log = page.getByRole('log');
    await log.filter({ hasText: /sent: \d/ }).waitFor();
    const [seen] = await backEnd.waitForTelemetry();
    assert.equal(typeof JSON.parse(seen.text).temperature, 'number');
    const isWorker = name === 'worker';
    assert.deepEqual(await backEnd.invokeMethod(isWorker ? 'findPrimes' : 'm', 100), {
      status: 200,
      payload: isWorker ? { primes: 25 } : { done: true },
    });
    await log.filter({ hasText: /method: \w+ 100/ }).waitFor();
  });
}

test('a page uploads a file through the relay', async (t) => {
  const backEnd = await createDevice();
  const cwd = await copyExample(t, 'cors-relay');
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root: cwd });
  t.after(() => server.close());
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const env = { ...environmentOf(backEnd), PORT: '0', ALLOWED_ORIGIN: origin };
  const relay = startProgram(t, ['server.mjs'], env, { cwd });
  const [, url] = await relay.printed(/^relay at (\S+)$/m);

  const page = await openPage(t, `${origin}/page/`);
  await page.getByLabel('Connection string').fill(backEnd.connectionString);
  await page.getByLabel('Address of the relay').fill(url);
  const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('Grüße') };
  await page.getByLabel('File').setInputFiles(file);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByRole('status').filter({ hasText: 'a.txt is uploaded.' }).waitFor();
  const path = `/local/devices/${backEnd.deviceId}/uploads`;
  const [upload] = (await callHub(hub, 'GET', path)).uploads;
  assert.equal(upload.isSuccess, true);
  assert.equal(await (await fetch(upload.blobUrl)).text(), 'Grüße');
  assert.equal(await page.getByRole('progressbar').getAttribute('value'), '7');
});

test('the page of the token server uses tokens that the server renews', async (t) => {
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
  const { url } = await startTokenServer(t, backEnd);
  // A page of the server that is not a device yet and has no icon.
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
  assert.ok(
    first <= second && second < third,
    `the tokens expire at ${first}, ${second}, ${third}`,
  );
  const [changes, state] = await page.evaluate(async () => {
    await window.client.sendMessage('under a new token');
    return [window.changes, window.client.connectionState];
  });
  assert.deepEqual([changes, state], [[true], 'connected']);
  assert.equal((await backEnd.waitForTelemetry())[0].text, 'under a new token');
});

test('a page registers with tokens of its server, which keeps the key of the group', async (t) => {
  const registrant = await createRegistrant('example-page');
  const cwd = await copyExample(t, 'provisioning');
  const server = startProgram(t, ['server.mjs'], { ...registrant, PORT: '0' }, { cwd });
  const [, url] = await server.printed(/^open (\S+)$/m);
  const page = await openPage(t, url);
  await page.getByRole('log').filter({ hasText: 'sent' }).waitFor();
  assert.equal((await (await createDevice('example-page')).telemetry()).length, 1);
  const ask = async (resource) => {
    const query = new URLSearchParams({ resource });
    return (await fetch(`${url}/my-registration-token?${query}`)).status;
  };
  assert.equal(await ask(`${hub.idScope}/registrations/example-page`), 200);
  for (const resource of [
    `${hub.idScope}/registrations/other`,
    `${hub.hostname}/devices/other`,
    `${hub.hostname}/devices`,
    hub.hostname,
  ]) {
    assert.equal(await ask(resource), 403, resource);
  }
  const served = await (await fetch(`${url}/my-registration.json`)).text();
  assert.ok(!served.includes(registrant.PROVISIONING_GROUP_KEY));
  assert.equal(await server.interrupt(), 0);
  assert.equal(server.errors, '');
});

/** Fills in the form that the pages share. */
async function logIn(page, { connectionString, endpoint }) {
  await page.getByLabel('Connection string').fill(connectionString);
  await page.getByLabel('Endpoint').fill(endpoint);
  await page.getByRole('button', { name: 'Connect' }).click();
}

/** What the server says of the device, the token included. */
async function everythingServed(url) {
  const paths = ['/my-device.json', '/my-device-token'];
  return (await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()))).join();
}

/** The token server, whose tokens live for eight seconds, and the address of its page. */
async function startTokenServer(t, backEnd) {
  const env = { ...environmentOf(backEnd), PORT: '0', TOKEN_SECONDS: '8' };
  const cwd = await copyExample(t, 'token-server');
  const server = startProgram(t, ['server.mjs'], env, { cwd });
  const [, url] = await server.printed(/^open (\S+)$/m);
  return { server, url };
}
