import assert from 'node:assert/strict';

import { openSimulator, openTab, rowOf, test, waitForState } from './support.mjs';

test('an outbox survives a reload, the wire log shows that it drains, and no key is stored', async (t) => {
  const { page, hub, backEnd } = await openSimulator(t);
  await page
    .getByLabel('Keep messages in this browser until they are acknowledged')
    .first()
    .check();
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
  const device = backEnd('thermostat-1');
  await device.setFaults({ withhold: ['puback'] });
  const after = (await device.waitForTelemetry(1)).at(-1).sequence;
  await page.getByRole('button', { name: 'Send one now' }).click();
  const [{ systemProperties }] = await device.waitForTelemetry(1, after);
  await page
    .locator('.totals')
    .filter({ hasText: /In the outbox[1-9]/ })
    .waitFor();

  const stored = await page.evaluate(async () => {
    const texts = [JSON.stringify({ ...localStorage, ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
      const { result: database } = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const { result } = await done(database.transaction(store).objectStore(store).getAll());
        texts.push(name, JSON.stringify(result));
      }
      database.close();
    }
    return texts.join('\n');
    function done(request) {
      return new Promise((resolve) => (request.onsuccess = () => resolve(request)));
    }
  });
  assert.match(stored, /messageId/);
  const headers = { authorization: hub.authorization() };
  const answer = await fetch(`${hub.url}/local/devices/thermostat-1`, { method: 'PUT', headers });
  assert.ok(!stored.includes((await answer.json()).primaryKey));
  assert.doesNotMatch(stored, /SharedAccess/);

  const before = (await device.telemetry()).at(-1).sequence;
  await device.setFaults({ clear: true });
  await page.reload();
  await waitForState(page, 'connected');
  await openTab(page, 'Wire log');
  const lines = page.getByRole('list', { name: 'Packets' }).getByRole('listitem');
  await lines
    .filter({ hasText: /outbox.*sends \d+ stored messages?/ })
    .first()
    .waitFor();
  await lines
    .filter({ hasText: /outbox.*is empty/ })
    .first()
    .waitFor();
  const ids = (await device.telemetry({ after: before })).map(
    (it) => it.systemProperties.messageId,
  );
  assert.ok(ids.includes(systemProperties.messageId));
  await openTab(page, 'Overview');
  const outbox = page.locator('.totals').filter({ hasText: /In the outbox/ });
  await outbox.waitFor();

  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  await outbox.waitFor();
});
