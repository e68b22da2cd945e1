import assert from 'node:assert/strict';
import { Writable } from 'node:stream';

import fastify from 'fastify';

import { relay } from '../../examples/cors-relay/relay.mjs';
import { createSasToken } from '../../examples/token-server/sas-token.mjs';
import { callHub } from '../../scripts/start/back-end.mjs';
import { openPage, serveRepository } from '../browser/support.mjs';
import { startProgram } from '../node/docs/programs.mjs';
import { createDevice, hub, test } from './support.mjs';

const ORIGIN = 'https://simulator.example';

/** The relay in front of the local hub, for any token, and a device with its requests. */
async function startRelay(t, { originOf = () => hub.url, ...options } = {}) {
  const lines = [];
  const stream = new Writable({ write: (line, _, done) => done(void lines.push(`${line}`)) });
  const server = fastify({ forceCloseConnections: true, logger: { level: 'trace', stream } });
  server.register(relay, { allowedOrigin: ORIGIN, originOf, ...options });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const backEnd = await createDevice();
  const { primaryKey: key, deviceId } = backEnd;
  const token = createSasToken({ key, hostname: hub.hostname, deviceId, seconds: 600 });
  const ask = (rest, body, headers = {}) =>
    fetch(`${url}/devices/${deviceId}/files${rest}?api-version=2021-04-12`, {
      method: 'POST',
      headers: {
        origin: ORIGIN,
        authorization: token,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
    });
  return { url, deviceId, token, ask, lines };
}

const uploadsOf = async (deviceId) =>
  (await callHub(hub, 'GET', `/local/devices/${deviceId}/uploads`)).uploads;

test('both calls of an upload reach the hub, and its answers the page', async (t) => {
  const { deviceId, ask } = await startRelay(t);
  const response = await ask('', { blobName: 'a.txt' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-origin'), ORIGIN);
  const { correlationId, blobName } = await response.json();
  assert.equal(blobName, `${deviceId}/a.txt`);
  const told = { correlationId, isSuccess: false, statusCode: 500, statusDescription: 'no' };
  assert.equal((await ask('/notifications', told)).status, 204);
  assert.equal((await uploadsOf(deviceId))[0].correlationId, correlationId);
});

test("the page gets the hub's refusals", async (t) => {
  const { ask } = await startRelay(t);
  const authorization = 'SharedAccessSignature sr=x.azure-devices.net%2Fdevices%2Fd&sig=x&se=1';
  assert.equal((await ask('', { blobName: 'a' }, { authorization })).status, 401);
  assert.equal((await ask('/notifications', { correlationId: 'x' })).status, 400);
});

test('a preflight is answered for the allowed origin', async (t) => {
  const { url } = await startRelay(t);
  const headers = {
    origin: ORIGIN,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };
  const { status, headers: answer } = await fetch(`${url}/devices/d/files`, {
    method: 'OPTIONS',
    headers,
  });
  assert.ok(status < 300);
  assert.equal(answer.get('access-control-allow-origin'), ORIGIN);
  assert.match(answer.get('access-control-allow-headers'), /authorization/i);
});

test('requests from other origins, and from programs that are not pages, are refused', async (t) => {
  const { deviceId, ask } = await startRelay(t);
  for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, 'null', '']) {
    const response = await ask('', { blobName: 'a' }, { origin });
    assert.equal(response.status, 403, origin);
    assert.match((await response.json()).message, /^Only pages of https:\/\/simulator\.example/);
  }
  assert.deepEqual(await uploadsOf(deviceId), []);
});

test('without an allowed origin, only pages of the server may use the relay', async (t) => {
  const { url, ask } = await startRelay(t, { allowedOrigin: undefined });
  assert.equal((await ask('', { blobName: 'a' }, { origin: url })).status, 200);
  assert.equal((await ask('', { blobName: 'a' })).status, 403);
});

test('a token goes to hubs of Azure only', async (t) => {
  const asked = [];
  const { ask } = await startRelay(t, { originOf: (hostname) => void asked.push(hostname) });
  const hosts = [
    'evil.example',
    'x.azure-devices.net.evil.example',
    'evil.example?.azure-devices.net',
    'user@x.azure-devices.net',
    'x.azure-devices.net:8080',
    'a.b.azure-devices.net',
    '',
  ];
  for (const host of hosts) {
    const resource = encodeURIComponent(`${host}/devices/d`);
    const authorization = `SharedAccessSignature sr=${resource}&sig=x`;
    const response = await ask('', { blobName: 'a' }, { authorization });
    assert.equal(response.status, 400, host);
  }
  assert.equal((await ask('', { blobName: 'a' }, { authorization: '' })).status, 400);
  assert.ok(asked.includes('evil.example'));
});

test('only the two calls are relayed', async (t) => {
  const { url, deviceId, token } = await startRelay(t);
  const headers = { origin: ORIGIN, authorization: token };
  const others = [
    ['GET', `/devices/${deviceId}/files`],
    ['POST', `/devices/${deviceId}`],
    ['POST', `/devices/${deviceId}/files/x`],
    ['POST', `/devices/${deviceId}/messages/events`],
    ['POST', `/twins/${deviceId}/methods`],
    ['PUT', `/devices/${deviceId}`],
  ];
  for (const [method, path] of others) {
    assert.equal((await fetch(url + path, { method, headers })).status, 404, `${method} ${path}`);
  }
});

test('an unreachable hub is reported as 502, a redirect is not followed', async (t) => {
  const away = await startRelay(t, { originOf: () => 'http://127.0.0.1:1' });
  const response = await away.ask('', { blobName: 'a' });
  assert.equal(response.status, 502);
  assert.match((await response.json()).message, /cannot be reached/);

  const other = fastify({ forceCloseConnections: true });
  let visits = 0;
  other.post('/*', ({ url }, reply) => {
    visits += 1;
    return reply.redirect(`${url}/again`, 307);
  });
  const origin = await other.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => other.close());
  const redirected = await startRelay(t, { originOf: () => origin });
  assert.equal((await redirected.ask('', { blobName: 'a' })).status, 502);
  assert.equal(visits, 1);
});

test('no token is in its log, whatever goes wrong', async (t) => {
  const { ask, lines, token } = await startRelay(t, { originOf: () => 'http://127.0.0.1:1' });
  await ask('', { blobName: 'a' });
  await ask('', { blobName: 'x'.repeat(100_000) });
  assert.ok(lines.some((line) => line.includes('/files')));
  const signature = /sig=([^&]+)/.exec(token)[1];
  for (const line of lines) assert.ok(!line.includes(signature), line);
});

test('with the relay as a separate program, a page can upload', async (t) => {
  const { deviceId, connectionString, primaryKey } = await createDevice();
  const origin = await serveRepository(t);
  const program = startProgram(t, ['examples/cors-relay/server.mjs'], {
    ALLOWED_ORIGIN: origin,
    IOTHUB_ENDPOINT: hub.endpoint,
    PORT: '0',
  });
  const [, url] = await program.printed(/^relay at (\S+)$/m);
  const page = await openPage(t, `${origin}/tests/browser/empty.html`);
  const identity = { connectionString, endpoint: hub.endpoint, httpEndpoint: url };
  await page.evaluate(upload, { ...identity, text: 'Grüße' });
  const [{ isSuccess, blobUrl }] = await uploadsOf(deviceId);
  assert.equal(isSuccess, true);
  assert.equal(await (await fetch(blobUrl)).text(), 'Grüße');
  assert.equal(await program.interrupt(), 0);
  assert.ok(!(program.output + program.errors).includes(primaryKey));
});

/** In the page. */
async function upload({ connectionString, text, ...endpoints }) {
  const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, endpoints);
  await client.uploadFile('a.txt', text);
}
