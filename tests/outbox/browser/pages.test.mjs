/** Telemetry in IndexedDB: what survives a page, and what the browser may do to its data. */
import assert from 'node:assert/strict';

import { contract } from '../contract.mjs';
import { NOWHERE, arrived, assertSorted, crash, numbers, openProfile, test } from './support.mjs';

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

test('the next page sends what a page has stored without a hub, in order', async (t) => {
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

test('tabs whose process ends lose no accepted message and change no order', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const accepted = [];
  for (let kill = 0; kill < 5; kill += 1) {
    const tab = await openTab({ ...(kill % 2 && { endpoint: NOWHERE }) });
    const enough = new Promise((resolve) => {
      const count = accepted.length + 10 + 7 * kill;
      tab.exposeFunction('accepted', (numbers) => {
        accepted.push(...numbers);
        if (accepted.length >= count) resolve();
      });
    });
    await tab.waitForFunction(() => 'accepted' in window);
    tab
      .evaluate(async (first) => {
        for (let number = first; ; number += 3) {
          const batch = [number, number + 1, number + 2];
          await Promise.all(batch.map((it) => window.client.enqueue(String(it))));
          await window.accepted(batch);
        }
      }, kill * 10_000)
      .catch(() => {});
    await enough;
    await crash(tab);
  }
  const last = await openTab();
  await last.evaluate(() => window.client.outbox.drained());
  const seen = await arrived(backEnd, accepted.length);
  assertSorted(seen);
  assert.deepEqual(
    accepted.filter((number) => !seen.includes(String(number))),
    [],
  );
});

test('a full quota refuses, and what was stored stays', async (t) => {
  const { backEnd, origin, context, openTab } = await openProfile(t);
  const tab = await openTab({ endpoint: NOWHERE });
  const devTools = await context.newCDPSession(tab);
  await devTools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 });
  assert.equal(await tab.evaluate(() => window.outcome(window.client.enqueue('small'))), 'done');
  const refused = await tab.evaluate(async () => {
    for (let i = 0; ; i += 1) {
      const bytes = new Uint8Array(250_000);
      for (let at = 0; at < bytes.length; at += 50_000) {
        crypto.getRandomValues(bytes.subarray(at, at + 50_000));
      }
      const outcome = await window.outcome(window.client.enqueue(bytes));
      if (outcome !== 'done' || i === 20) return outcome;
    }
  });
  assert.match(refused, /ClientError: the store could not take the message: the storage quota/);
  await devTools.send('Storage.overrideQuotaForOrigin', { origin });
  assert.equal(await tab.evaluate(() => window.outcome(window.client.enqueue('again'))), 'done');
  await tab.close();
  const next = await openTab();
  await next.evaluate(() => window.client.outbox.drained());
  const seen = await arrived(backEnd, 2);
  assert.deepEqual([seen.at(0), seen.at(-1)], ['small', 'again']);
});

test('a database that is deleted while in use is reported and recreated', async (t) => {
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
  assert.match(error, /the store could not be opened: .* was created by a later version/);
});

test('a clock that is set back drops nothing early, and keeps the order', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const tab = await openTab({ store: { maxAge: 60 }, autoConnect: false });
  await tab.evaluate(async () => {
    for (let number = 0; number < 10; number += 1) await window.client.enqueue(String(number));
    const { now } = Date;
    Date.now = () => now() - 1_800_000;
    for (let number = 10; number < 20; number += 1) await window.client.enqueue(String(number));
    await window.client.connect();
    await window.client.outbox.drained();
  });
  assert.deepEqual(await arrived(backEnd, 20), numbers(20));
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
    /ClientError: the store could not be opened: the browser does not let this page/,
  );
});

test('without Web Locks, an error says what the page needs', async (t) => {
  const init = () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
  const { openTab } = await openProfile(t, { init });
  const tab = await openTab();
  const error = await tab.evaluate(() => window.outcome(window.client.enqueue('x')));
  assert.match(error, /no Web Locks here: the page must come from https:/);
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
