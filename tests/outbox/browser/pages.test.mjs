/** Telemetry in IndexedDB: what outlives a page, and what the browser may do to its data. */
import assert from 'node:assert/strict';

import { contract } from '../contract.mjs';
import { NOWHERE, arrived, numbers, openProfile, test } from './support.mjs';

for (const name of Object.keys(contract)) {
  test(`IndexedDB: ${name}`, async (t) => {
    const { context, origin } = await openProfile(t);
    const tab = await context.newPage();
    await tab.goto(`${origin}/package.json`);
    await tab.evaluate(async (name) => {
      const { contract, deepEqual } = await import('/tests/outbox/contract.mjs');
      const { IndexedDbStore } = await import('/pkg-template/store-indexeddb.browser.js');
      await contract[name](() => new IndexedDbStore('relaxed'), deepEqual);
    }, name);
  });
}

test('what a page stored without a hub the next page sends, in order', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const first = await openTab({ endpoint: NOWHERE });
  await first.evaluate(async () => {
    for (let i = 0; i < 300; i += 1) window.client.enqueue(String(i));
    await window.client.enqueue('300');
  });
  await first.close();
  const second = await openTab();
  await second.evaluate(() => window.client.outbox.drained());
  assert.deepEqual(await arrived(backEnd, 301), numbers(301));
});

test('a database that is deleted under the client is told, and made again', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const tab = await openTab();
  await tab.evaluate(() => window.client.sendMessage('before'));
  const errors = await tab.evaluate(async () => {
    const [{ name }] = await indexedDB.databases();
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    await window.client.sendMessage('after');
    return window.errors;
  });
  assert.match(errors.join(), /was deleted/);
  assert.deepEqual(await arrived(backEnd, 2), ['before', 'after']);
  assert.equal(
    await tab.evaluate(() => window.client.outbox.drained().then(() => window.client.outbox.count)),
    0,
  );
});

test('a database of a later version is an error that says so', async (t) => {
  const { openTab } = await openProfile(t);
  const tab = await openTab();
  const outcome = await tab.evaluate(async () => {
    await window.client.enqueue('x');
    const [{ name }] = await indexedDB.databases();
    await window.client.shutdown();
    await new Promise((resolve) => (indexedDB.open(name, 7).onsuccess = resolve));
    return name;
  });
  assert.match(outcome, /^iothub-device-client /);
  const next = await openTab();
  const error = await next.evaluate(() => window.outcome(window.client.enqueue('y')));
  assert.match(error, /the store could not be opened: .* is of a later version/);
});

test('storage that the user has blocked is an error at the first use', async (t) => {
  const init = () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The user denied permission to access the database.', 'SecurityError');
    };
  };
  const { openTab } = await openProfile(t, { init });
  const tab = await openTab();
  const error = await tab.evaluate(() => window.outcome(window.client.connect()));
  assert.match(
    error,
    /ClientError: the store could not be opened: the browser keeps this page from/,
  );
});

test('a page without Web Locks is told what it needs', async (t) => {
  const init = () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
  const { openTab } = await openProfile(t, { init });
  const tab = await openTab();
  const error = await tab.evaluate(() => window.outcome(window.client.enqueue('x')));
  assert.match(error, /no Web Locks here: the page must come by https/);
});

test('a worker stores and sends, too', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const tab = await openTab();
  const { connectionString, endpoint } = backEnd;
  await tab.evaluate(
    (options) =>
      new Promise((resolve, reject) => {
        const code = `
          import { IoTHubDeviceClient } from '${location.origin}/pkg/index.browser.js';
          import { indexedDbStore } from '${location.origin}/pkg/indexeddb-store.js';
          const { connectionString, endpoint } = ${JSON.stringify(options)};
          const client = IoTHubDeviceClient.createFromConnectionString(connectionString,
            { endpoint, store: indexedDbStore({ durability: 'strict' }) });
          await client.sendMessage('from a worker');
          postMessage('sent');`;
        const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
        const worker = new Worker(url, { type: 'module' });
        worker.onmessage = resolve;
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
    { connectionString, endpoint },
  );
  assert.deepEqual(await arrived(backEnd, 1), ['from a worker']);
});
