/** Telemetry in files: what survives the process, the lock, a full disk. */
import assert from 'node:assert/strict';
import { readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { levelStore } from '../../pkg/level-store.js';
import { createClient, createDevice, test } from '../node/support.mjs';
import { Producer, temporaryFolder } from './producer.mjs';

const textsOf = (messages) => messages.map(({ text }) => text);

test('the next client sends what the previous one has stored', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  const first = createClient(t, backEnd, { store: levelStore({ location }), autoConnect: false });
  await Promise.all(['ä', 'b', 'c'].map((text) => first.enqueue(text)));
  await first.shutdown();
  const { levelStore: required } = createRequire(import.meta.url)('../../pkg/level-store.cjs');
  const store = required({ location: pathToFileURL(location) });
  const second = createClient(t, backEnd, { store });
  await second.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(3)), ['ä', 'b', 'c']);
});

test('devices share a folder, and have their own messages', async (t) => {
  const location = await temporaryFolder(t);
  const backEnds = [await createDevice(), await createDevice()];
  const clients = backEnds.map((backEnd) =>
    createClient(t, backEnd, { store: levelStore({ location }) }),
  );
  await Promise.all(clients.map((client, index) => client.sendMessage(`of ${index}`)));
  for (const [index, backEnd] of backEnds.entries()) {
    assert.deepEqual(textsOf(await backEnd.waitForTelemetry(1)), [`of ${index}`]);
  }
});

test('one process at a time uses a folder; one that is killed does not delay the next', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  const producer = await Producer.start(t, backEnd, location, { endless: true });
  await producer.takes(1);
  const client = createClient(t, backEnd, { store: levelStore({ location }) });
  const error = await client.connect().catch((error) => error);
  assert.match(
    error.message,
    new RegExp(`the store could not be opened: process ${producer.pid} on`),
  );
  await assert.rejects(client.enqueue('0'), /is using it; end that/);
  await producer.kill();
  await client.enqueue('at once');
  await client.outbox.drained();
  assert.equal(textsOf(await backEnd.telemetry()).at(-1), 'at once');
});

test('a folder that cannot be written is an error at the first use', async (t) => {
  const backEnd = await createDevice();
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const client = createClient(t, backEnd, { store: levelStore({ location: join(file, 'in') }) });
  await assert.rejects(client.enqueue('0'), /the store could not be opened: .*ENOTDIR/);
});

test('invalid options are reported', () => {
  assert.throws(() => levelStore(), /needs the option location/);
  assert.throws(() => levelStore({ location: '' }), /needs the option location/);
  assert.throws(() => levelStore({ location: 'x', durability: 'none' }), /durability must be/);
  assert.throws(() => levelStore({ location: 'x', maxage: 1 }), /maxage is not an option/);
});

test('the files contain no key and no token', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  const client = createClient(t, backEnd, { store: levelStore({ location }) });
  await client.sendMessage('x');
  await client.shutdown();
  const key = /SharedAccessKey=([^;]+)/.exec(backEnd.connectionString)[1];
  const [folder] = await readdir(location);
  for (const file of await readdir(join(location, folder))) {
    const content = await readFile(join(location, folder, file), 'latin1');
    assert.doesNotMatch(content, /sig=|SharedAccess/, file);
    assert.ok(!content.includes(key), file);
  }
});

test('acknowledged messages free their disk space', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  const client = createClient(t, backEnd, {
    store: levelStore({ location, durability: 'relaxed' }),
  });
  const text = 'x'.repeat(10_000);
  for (let round = 0; round < 40; round += 1) {
    await Promise.all(Array.from({ length: 100 }, () => client.sendMessage(text)));
  }
  await client.outbox.drained();
  // An open store still deletes files, between their listing and a look at their sizes.
  await client.shutdown();
  const [folder] = await readdir(location);
  const files = await readdir(join(location, folder));
  const sizes = await Promise.all(files.map((file) => stat(join(location, folder, file))));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  assert.ok(bytes < 16_000_000, `${bytes} bytes are left of 40,000,000`);
});

test('a full disk refuses messages, loses nothing, and accepts messages when it has room', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  // A write beyond the limit fails as on a full disk, with EFBIG instead of ENOSPC.
  const producer = await Producer.start(t, backEnd, location, { fileBlocks: 200, endless: true });
  const refused = await producer.refused();
  assert.match(refused, /could not take the message: .*File too large/);
  await producer.kill();
  const { accepted } = producer;
  assert.ok(accepted.length > 0);
  const client = createClient(t, backEnd, { store: levelStore({ location, drainRate: 1e6 }) });
  await client.sendMessage('room');
  await client.outbox.drained();
  const seen = new Set(textsOf(await backEnd.telemetry()));
  assert.deepEqual(
    accepted.filter((number) => !seen.has(number)),
    [],
  );
});

test('a torn end of the log is dropped, and nothing before it', async (t) => {
  const backEnd = await createDevice();
  const location = await temporaryFolder(t);
  const client = createClient(t, backEnd, { store: levelStore({ location }), autoConnect: false });
  for (const text of ['0', '1', '2']) await client.enqueue(text);
  await client.shutdown();
  const [folder] = await readdir(location);
  const path = join(location, folder);
  const log = (await readdir(path)).find((file) => file.endsWith('.log'));
  await truncate(join(path, log), (await stat(join(path, log))).size - 10);
  const next = createClient(t, backEnd, { store: levelStore({ location }) });
  await next.enqueue('3');
  await next.outbox.drained();
  assert.deepEqual(textsOf(await backEnd.waitForTelemetry(3)), ['0', '1', '3']);
});
