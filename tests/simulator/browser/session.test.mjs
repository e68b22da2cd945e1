import assert from 'node:assert/strict';

import { BackEnd } from '../../../scripts/start/back-end.mjs';
import { openSimulator, openTab, openWithDevice, rowOf, test, waitForState } from './support.mjs';

const PHONE = { width: 375, height: 720 };

const heading = (page, name) => page.getByRole('heading', { name, exact: true });
const tab = (page, name) => page.getByRole('tab', { name, selected: true });

/** Reloads the page; returns the kinds of the questions that it asked before. */
async function reload(page) {
  const asked = [];
  const answer = (dialog) => {
    asked.push(dialog.type());
    return dialog.accept();
  };
  page.on('dialog', answer);
  await page.reload();
  page.off('dialog', answer);
  return asked;
}

async function addAnother(page) {
  await page.getByRole('button', { name: 'Add', exact: true }).click();
}

test('each view has an address, for Back, Forward and a reload', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Twin');
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  assert.match(page.url(), /#\/fleet\/scene$/);
  await page.goBack();
  await tab(page, 'Overview').waitFor();
  await page.goBack();
  await heading(page, 'thermostat-1').waitFor();
  await tab(page, 'Twin').waitFor();
  await page.goForward();
  await heading(page, 'All devices').waitFor();
  await page.goBack();
  await page.reload();
  await heading(page, 'thermostat-1').waitFor();
  await tab(page, 'Twin').waitFor();
});

test('the address of a device or view that does not exist still shows a page', async (t) => {
  const { page, url } = await openSimulator(t);
  await page.goto(`${url}/#/device/nobody/overview`);
  await page.getByText('This device is not in the page').waitFor();
  await page.goto(`${url}/#/nowhere/%`);
  await heading(page, 'Simulate a device').waitFor();
});

test('on a phone Back leads from a device to the list', async (t) => {
  const { page } = await openWithDevice(t, { viewport: PHONE });
  await page.getByRole('button', { name: 'Devices', exact: true }).click();
  const list = page.getByRole('navigation', { name: 'Devices' });
  await list.getByRole('button', { name: /^thermostat-1/ }).click();
  await heading(page, 'thermostat-1').waitFor();
  await page.goBack();
  await list.waitFor();
  await rowOf(page, 'thermostat-1').filter({ hasText: 'connected' }).waitFor();
});

test('a reload asks nothing, and restores scene, edits, drafts and devices of the hub', async (t) => {
  const { page, hub, backEnd } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('2');
  await page.getByRole('button', { name: 'Add 2 devices' }).click();
  await page.locator('.now').filter({ hasText: '2 of 2 connected' }).waitFor();
  await page.getByRole('button', { name: 'Stop thermostat-2' }).click();
  await rowOf(page, 'thermostat-2').filter({ hasText: 'stopped' }).waitFor();
  await openTab(page, 'Scene');
  await page.getByLabel('Template').fill('{"edited": 1}');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).first().click();
  await page.getByText('Applied to 2 devices.').waitFor();
  await page.getByLabel('Template').fill('{"draft": ');
  const { primaryKey } = await BackEnd.createDevice(hub, 'thermostat-1');
  const before = (await backEnd('thermostat-1').telemetry()).at(-1).sequence;

  assert.deepEqual(await reload(page), []);
  await tab(page, 'Scene').waitFor();
  assert.equal(await page.getByLabel('Template').inputValue(), '{"draft": ');
  await page.locator('.now').filter({ hasText: '1 of 2 connected' }).waitFor();
  await rowOf(page, 'thermostat-2').filter({ hasText: 'stopped' }).waitFor();
  await page.getByRole('button', { name: 'Undo changes' }).first().click();
  assert.equal(await page.getByLabel('Template').inputValue(), '{"edited": 1}');
  const messages = await backEnd('thermostat-1').waitForTelemetry(1, before);
  assert.deepEqual(JSON.parse(messages.at(-1).text), { edited: 1 });
  assert.ok(!(await page.content()).includes(primaryKey));
});

test('the stored session contains no key, and the page asks before a key is lost', async (t) => {
  const { page, hub } = await openWithDevice(t);
  const device = await BackEnd.createDevice(hub, 'secret');
  await addAnother(page);
  await page.getByText('Another endpoint or relay').click();
  await page.getByLabel('Connection string of the device').fill(device.connectionString);
  await page.getByLabel('WebSocket endpoint, of a hub on this machine').fill(device.endpoint);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForState(page, 'connected');
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill(`{"key": "${device.primaryKey}`);

  const kept = await page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide'));
    return JSON.stringify({ ...sessionStorage, ...localStorage });
  });
  assert.ok(kept.includes('thermostat-1') && kept.includes('secret'));
  assert.ok(!kept.includes(device.primaryKey.slice(0, 20)));
  assert.ok(!kept.includes('SharedAccess') && !kept.includes(device.endpoint));
  assert.deepEqual(await reload(page), ['beforeunload']);
  await page.getByText('Not restored after the reload: secret.').waitFor();
  await rowOf(page, 'thermostat-1').filter({ hasText: 'connected' }).waitFor();
});

test('a removed device of the local hub can be restored, with its twin', async (t) => {
  const { page, device } = await openWithDevice(t);
  await device.waitForTelemetry();
  await device.patchDesired({ targetTemperature: 24 });
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  await device.sendMessage({ body: 'while you were away' });
  await addAnother(page);
  await page.getByText('Use existing devices of the hub (1)').click();
  await page.getByLabel('thermostat-1').check();
  await page.getByRole('button', { name: 'Use 1 device' }).click();
  await waitForState(page, 'connected');
  await openTab(page, 'Messages');
  await page.getByText('while you were away').waitFor();
  await openTab(page, 'Twin');
  await page.getByRole('region', { name: 'Desired properties' }).getByText('24').waitFor();
});

test('removing a device asks if its key would be lost, and not if it can be restored', async (t) => {
  const { page, hub } = await openWithDevice(t);
  const device = await BackEnd.createDevice(hub, 'mine');
  await addAnother(page);
  await page.getByText('Another endpoint or relay').click();
  await page.getByLabel('Connection string of the device').fill(device.connectionString);
  await page.getByLabel('WebSocket endpoint, of a hub on this machine').fill(device.endpoint);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForState(page, 'connected');
  const remove = page.getByRole('button', { name: 'Remove', exact: true });
  const question = page.getByRole('dialog', { name: 'Remove 1 device?' });
  await remove.click();
  await question.getByText('forgets the key or token of mine').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });
  await rowOf(page, 'mine').waitFor();
  await remove.click();
  await question.getByRole('button', { name: 'Remove' }).click();
  await rowOf(page, 'mine').waitFor({ state: 'detached' });

  // The device of the local hub is removed without a question, and is restored.
  await page.getByRole('button', { name: 'Remove all' }).click();
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.now').filter({ hasText: '1 of 1 connected' }).waitFor();
});
