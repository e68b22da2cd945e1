/** Pages with an AbortSignal, a `for await` loop and a file. */
import assert from 'node:assert/strict';

import fastify from 'fastify';

import { createDevice, openPage, serveRepository, test } from './support.mjs';

/** A page in which `createClient(options)` returns a client of the device. */
async function openClientPage(t, backEnd, options) {
  const page = await openPage(t, `${await serveRepository(t)}/tests/browser/empty.html`, options);
  const { connectionString, endpoint } = backEnd;
  await page.evaluate(
    async ([string, endpoint]) => {
      const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
      window.createClient = (options) =>
        IoTHubDeviceClient.createFromConnectionString(string, { endpoint, ...options });
    },
    [connectionString, endpoint],
  );
  return page;
}

/** Forwards requests to the hub that a page cannot send there, as a user's relay would. */
async function startRelay(t, { endpoint }) {
  const hub = new URL(endpoint.replace('ws:', 'http:')).origin;
  const relay = fastify();
  const paths = [];
  relay.addHook('onRequest', async (_, reply) => {
    reply.header('access-control-allow-origin', '*');
    reply.header('access-control-allow-headers', '*, authorization');
  });
  relay.options('*', (_, reply) => reply.code(204).send());
  relay.post('/relay/*', async ({ url, headers, body }, reply) => {
    paths.push(url.split('?')[0]);
    const response = await fetch(hub + url.slice('/relay'.length), {
      method: 'POST',
      headers: { authorization: headers.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return reply.code(response.status).send(await response.text());
  });
  t.after(() => relay.close());
  return { url: `${await relay.listen({ host: '127.0.0.1', port: 0 })}/relay`, paths };
}

test('a page uploads a file in blocks through a relay, and sees the progress', async (t) => {
  const backEnd = await createDevice();
  const { url: httpEndpoint, paths } = await startRelay(t, backEnd);
  const page = await openClientPage(t, backEnd);
  const seen = await page.evaluate(async (httpEndpoint) => {
    const client = window.createClient({ httpEndpoint });
    const file = new File(['x'.repeat(1024 * 1024 + 3)], 'Bild 1.txt', { type: 'text/plain' });
    const progress = [];
    await client.uploadFile(file.name, file, { onProgress: ({ loaded }) => progress.push(loaded) });
    await client.uploadFile('stream', new Blob(['from a stream']).stream());
    return { progress, state: client.connectionState };
  }, httpEndpoint);
  assert.deepEqual(seen, { progress: [1_048_576, 1_048_579], state: 'disconnected' });
  const device = `/relay/devices/${backEnd.deviceId}/files`;
  assert.deepEqual(paths, [device, `${device}/notifications`, device, `${device}/notifications`]);
});

test('without the CORS headers of a relay, the error says what to set', async (t) => {
  const backEnd = await createDevice();
  const bare = fastify();
  const httpEndpoint = await bare.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => bare.close());
  const page = await openClientPage(t, backEnd, { isExpected: () => true });
  const message = await page.evaluate(async (httpEndpoint) => {
    const client = window.createClient({ httpEndpoint });
    return client.uploadFile('b', 'text').catch((error) => `${error.name}: ${error.message}`);
  }, httpEndpoint);
  assert.match(message, /^ConnectionFailedError: .*httpEndpoint.*CORS/);
});

test('a page iterates over messages until it aborts, and cancels a connection attempt', async (t) => {
  const backEnd = await createDevice();
  const page = await openClientPage(t, backEnd);
  for (const body of ['a', 'b']) await backEnd.sendMessage({ body });
  const seen = await page.evaluate(async () => {
    const client = window.createClient();
    const controller = new AbortController();
    const texts = [];
    const loop = async () => {
      for await (const message of client.messages(controller)) {
        if (texts.push(message.text()) === 2) controller.abort();
      }
    };
    const ended = await loop().catch((error) => error.name);
    await client.disconnect();
    const later = new AbortController();
    const connecting = client.connect(later);
    later.abort('gone');
    const gone = await connecting.catch((reason) => reason);
    return { texts, ended, gone, state: client.connectionState };
  });
  assert.deepEqual(seen, {
    texts: ['a', 'b'],
    ended: 'AbortError',
    gone: 'gone',
    state: 'disconnected',
  });
});

test('ten thousand messages of a page are sent in few frames', async (t) => {
  const backEnd = await createDevice();
  const page = await openClientPage(t, backEnd);
  const { frames, milliseconds } = await page.evaluate(async () => {
    const { send } = WebSocket.prototype;
    let frames = 0;
    WebSocket.prototype.send = function count(bytes) {
      frames += 1;
      send.call(this, bytes);
    };
    const client = window.createClient();
    await client.connect();
    const begun = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, (_, number) => client.sendMessage(number)));
    const milliseconds = performance.now() - begun;
    await client.shutdown();
    return { frames, milliseconds };
  });
  t.diagnostic(`note: ${frames} frames in ${Math.round(milliseconds)} ms`);
  assert.ok(frames <= 100, `${frames} frames`);
});
