import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';

import { servePage } from '../../scripts/start/page-server.mjs';
import { createFleet, hub, sending, test } from './support.mjs';

async function serve(t) {
  const server = await servePage({ hub });
  t.after(() => server.close());
  const post = async (path, body, headers = { 'content-type': 'application/json' }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(server.url + path, { method: 'POST', headers, body: text });
    return { status: response.status, body: await response.json() };
  };
  return { url: server.url, post };
}

/** The server with two devices that are connected. */
async function serveDevices(t, prefix) {
  const server = await serve(t);
  const { body: identities } = await server.post('/local-hub/devices', { count: 2, prefix });
  const { fleet, snapshots } = createFleet(t, sending({ periodMs: 100 }));
  const { ids } = await fleet.add(identities, 'kind');
  await fleet.start(ids);
  const details = new Promise((resolve) => {
    fleet.watch(ids[0], (news) => news.messages.length > 0 && resolve(news));
  });
  return { ...server, fleet, ids, snapshots, details };
}

test('the page, its worker and the module come with their policy', async (t) => {
  const { url } = await serve(t);
  const types = { '/': 'text/html', '/fleet.js': 'javascript', '/style.css': 'text/css' };
  for (const [path, type] of Object.entries(types)) {
    const { status, headers } = await fetch(url + path);
    assert.equal(status, 200, path);
    assert.ok(headers.get('content-type').includes(type), path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    if (path === '/style.css') continue;
    const policy = headers.get('content-security-policy').split('; ');
    assert.ok(policy.includes("default-src 'none'"));
    assert.ok(policy.includes("script-src 'self' 'wasm-unsafe-eval'"));
    assert.ok(policy.includes("frame-ancestors 'none'"));
    assert.ok(policy.includes("style-src 'self'"));
  }
});

test('the files name no server, so that any server can serve them', () => {
  const read = (name) => readFileSync(new URL(`../../target/www/${name}`, import.meta.url), 'utf8');
  const references = [...read('index.html').matchAll(/(?:src|href)="([^"]+)"/g)];
  assert.ok(references.length > 1);
  for (const [, to] of references) assert.doesNotMatch(to, /^(\/|https?:)/, to);
});

test('the page knows the local hub and gets its devices, each once', async (t) => {
  const { url, post } = await serve(t);
  const { tunnel, ...localHub } = await (await fetch(`${url}/local-hub.json`)).json();
  const { hostname, endpoint } = hub;
  assert.deepEqual(localHub, { hostname, endpoint, httpEndpoint: url });
  const idsOf = ({ body }) =>
    body.map(({ connectionString }) => /DeviceId=([^;]+)/.exec(connectionString)[1]);
  const first = await post('/local-hub/devices', { count: 2, prefix: 'van' });
  const more = await post('/local-hub/devices', { count: 1, prefix: 'van' });
  assert.deepEqual([...idsOf(first), ...idsOf(more)], ['van-1', 'van-2', 'van-3']);
  const both = await Promise.all(
    [3, 3].map((count) => post('/local-hub/devices', { count, prefix: 'bus' })),
  );
  assert.equal(new Set(both.flatMap(idsOf)).size, 6);
  for (const wrong of [{}, { count: 0 }, { count: 1001 }, { count: 1, prefix: '../x' }]) {
    const { status, body } = await post('/local-hub/devices', wrong);
    assert.equal(status, 400);
    assert.match(body.message, /count|prefix/);
  }
});

test('existing devices of the local hub are listed, and can be used again with their keys', async (t) => {
  const { url, post } = await serve(t);
  const { body: made } = await post('/local-hub/devices', { count: 2, prefix: 'again' });
  const list = await fetch(`${url}/local-hub/devices`);
  const { ids } = await list.json();
  assert.ok(ids.includes('again-1') && ids.includes('again-2'));
  const { body: taken } = await post('/local-hub/take-up', { ids: ['again-2', 'again-1'] });
  assert.deepEqual(taken, [made[1], made[0]]);
  const { status } = await post('/local-hub/take-up', { ids: [''] });
  assert.equal(status, 400);
});

test('a copy of a device has its own name, and the same desired properties and tags', async (t) => {
  const { post } = await serve(t);
  await post('/local-hub/devices', { count: 2, prefix: 'pump' });
  await post('/local-hub/desired', { id: 'pump-1', patch: { target: { pressure: 4 } } });
  const { body } = await post('/local-hub/copies', { id: 'pump-1' });
  assert.match(body.connectionString, /DeviceId=pump-3;/);
  const patched = await post('/local-hub/desired', { id: 'pump-3', patch: {} });
  assert.equal(patched.body.$version, 3);
  const { status } = await post('/local-hub/copies', { id: 'nobody' });
  assert.equal(status, 404);
});

test('the page acts as a back end', async (t) => {
  const { post, ids, details } = await serveDevices(t, 'acting');
  const [id] = ids;
  await post('/local-hub/messages', { id, body: 'hi', properties: { a: 'b' } });
  const { messages } = await details;
  assert.deepEqual([messages[0].text, messages[0].properties], ['hi', { a: 'b' }]);
  const call = { id, methodName: 'nothing', payload: null };
  assert.equal((await post('/local-hub/methods', call)).body.status, 404);
  assert.deepEqual((await post('/local-hub/desired', { id, patch: { a: 1 } })).body, {
    $version: 2,
  });
  const lost = { id: 'no', body: '', properties: {} };
  const { status, body } = await post('/local-hub/messages', lost);
  assert.deepEqual([status, body.message], [404, 'There is no device "no".']);
  const tooLong = { id, patch: { a: 'x'.repeat(5000) } };
  const refused = await post('/local-hub/desired', tooLong);
  assert.equal(refused.body.message, 'desired.a is a string over 4096 bytes');
});

test('a click causes a fault, for one device or for all, and clears it', async (t) => {
  const { post, ids, snapshots } = await serveDevices(t, 'faulty');
  const [one] = ids;
  const pending = ({ devices }) => devices.map(({ sent, acknowledged }) => sent - acknowledged);
  await post('/local-hub/faults', { ids: [one], faults: { delay: { puback: 60_000 } } });
  await snapshots.until((news) => pending(news)[0] > 5 && pending(news)[1] < 3);
  await post('/local-hub/faults', { ids: 'all', faults: { clear: true } });
  await post('/local-hub/drop', { ids: 'all', how: 'reset' });
  await snapshots.until((news) => pending(news)[0] < 3);

  await post('/local-hub/faults', { ids: 'all', faults: { rate: { telemetry: 1 } } });
  await snapshots.until(({ devices }) => devices.some(({ state }) => state === 'reconnecting'));
  await post('/local-hub/faults', { ids: 'all', faults: { clear: true } });
  const isGood = ({ state, sent, acknowledged }) =>
    state === 'connected' && sent - acknowledged < 3;
  await snapshots.until(({ devices }) => devices.every(isGood));
});

test('a page elsewhere cannot act: the preflight that it needs is refused', async (t) => {
  const { url, post } = await serve(t);
  const text = JSON.stringify({ count: 1 });
  const { status } = await post('/local-hub/devices', text, { 'content-type': 'text/plain' });
  assert.ok(status >= 400);
  const headers = {
    origin: 'https://example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  const preflight = await fetch(`${url}/local-hub/devices`, { method: 'OPTIONS', headers });
  assert.equal(preflight.headers.get('access-control-allow-origin'), null);
});

test('requests for another host name are refused', async (t) => {
  const { url } = await serve(t);
  const statuses = { 'example.com': 400, 'localhost.example.com': 400, localhost: 200 };
  for (const [host, status] of Object.entries(statuses)) {
    const [response] = await once(get(`${url}/local-hub.json`, { headers: { host } }), 'response');
    response.resume();
    assert.equal(response.statusCode, status, host);
  }
});
