import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { ClientError, createClient, createDevice, test } from './support.mjs';

const megabyte = 1024 ** 2;

/** A connection to the hub that stops reading what the client writes until it is resumed. */
async function pausedRelay(t, endpoint) {
  const { port, pathname } = new URL(endpoint);
  const pairs = [];
  const server = createServer((client) => {
    const hub = connect(port, '127.0.0.1');
    pairs.push({ client, hub });
    client.pipe(hub).pipe(client);
  });
  t.after(() => {
    pairs.forEach(({ client, hub }) => [client, hub].forEach((socket) => socket.destroy()));
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `ws://127.0.0.1:${server.address().port}${pathname}`,
    pause: () => pairs.forEach(({ client, hub }) => client.unpipe(hub)),
    resume: () => pairs.forEach(({ client, hub }) => client.pipe(hub)),
  };
}

test('a hub that does not read costs bounded memory, and receives everything in the end', async (t) => {
  const backEnd = await createDevice();
  const relay = await pausedRelay(t, backEnd.endpoint);
  let written = 0;
  const client = createClient(t, backEnd, {
    endpoint: relay.endpoint,
    maxPendingMessages: 500,
    trace: ({ direction, packet, size }) => {
      if (direction === 'sent' && packet === 'PUBLISH') written += size;
    },
  });
  await client.connect();
  relay.pause();

  const padding = 'x'.repeat(64 * 1024);
  const accepted = [];
  let refused;
  while (!refused) {
    const call = client.sendMessage(`${accepted.length} ${padding}`);
    call.catch((error) => (refused = error));
    accepted.push(call);
    // The client now writes everything that it wants to write.
    await setImmediate();
  }
  accepted.pop();
  assert.ok(refused instanceof ClientError, refused);
  assert.match(refused.message, /maxPendingMessages/);
  assert.equal(accepted.length, 500);
  // In addition to the socket's queue, the system's buffers hold some data.
  assert.ok(written < 12 * megabyte, `${written} bytes were written to a hub that reads none`);

  relay.resume();
  await Promise.all(accepted);
  const seen = await backEnd.waitForTelemetry(500);
  assert.deepEqual(
    seen.map(({ text }) => parseInt(text, 10)),
    accepted.map((_, number) => number),
  );
  t.diagnostic(`${written / megabyte} MB in all`);
});
