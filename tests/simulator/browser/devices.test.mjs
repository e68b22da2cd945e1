import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { startHub } from 'iothub-local';

import { BackEnd } from '../../../scripts/start/back-end.mjs';
import {
  isLostSocket,
  openSimulator,
  openWithDevice,
  rowOf,
  test,
  waitForState,
} from './support.mjs';

/** Fills in the form for the user's hub with a device of the local one. */
async function connect(page, fields) {
  await page.getByText('Another endpoint or relay').click();
  for (const [label, text] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
}

const ENDPOINT = 'WebSocket endpoint, of a hub on this machine';
const CONNECTION_STRING = 'Connection string of the device';

test('the second click after npm start leads to an acknowledged message', async (t) => {
  const { page, backEnd } = await openSimulator(t);
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
  const [message] = await backEnd('thermostat-1').waitForTelemetry();
  assert.equal(typeof JSON.parse(message.text).temperature, 'number');
  const acknowledged = page.locator('.totals > div').filter({ hasText: 'Acknowledged' });
  await acknowledged.filter({ hasText: /[1-9]/ }).waitFor();
});

test('any number of devices can be added from the local hub with one click', async (t) => {
  const { page, backEnd } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('25');
  await page.getByRole('button', { name: 'Add 25 devices' }).click();
  await page.locator('.now').filter({ hasText: '25 of 25 connected' }).waitFor();
  for (const id of ['thermostat-1', 'thermostat-25']) {
    assert.equal((await backEnd(id).state()).connected, true);
  }
});

test('devices are connected by connection string, SAS token and key', async (t) => {
  const { page, hub } = await openSimulator(t);
  const assertConnects = async (device, fields) => {
    await connect(page, { ...fields, [ENDPOINT]: device.endpoint });
    await page.getByRole('heading', { name: device.deviceId }).waitFor();
    await waitForState(page, 'connected');
    await device.waitForTelemetry();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  };
  const byString = await BackEnd.createDevice(hub, 'by-string');
  await assertConnects(byString, { [CONNECTION_STRING]: byString.connectionString });
  const byToken = await BackEnd.createDevice(hub, 'by-token');
  await page.getByLabel('SAS token', { exact: true }).check();
  await assertConnects(byToken, { 'SAS token of the device': tokenOf(byToken) });
  const byKey = await BackEnd.createDevice(hub, 'by-key');
  await page.getByLabel('Key', { exact: true }).check();
  await assertConnects(byKey, {
    'Host name of the hub': hub.hostname,
    'Device id': 'by-key',
    'Primary or secondary key': byKey.primaryKey,
  });
});

test('a connection string of the hub is refused with the way to the right one', async (t) => {
  const { page, hub } = await openSimulator(t);
  await page.getByRole('heading', { name: 'Your own hub' }).waitFor();
  await page.getByText('In the Azure portal: your IoT hub → Devices → the device').waitFor();
  await page.getByText('Keys and tokens stay in memory').waitFor();
  await connect(page, { [CONNECTION_STRING]: hub.serviceConnectionString });
  await page.getByText('Use that of one device: IoT hub → Devices').waitFor();
  assert.equal(await page.getByRole('navigation').getByRole('listitem').count(), 1);
});

test('a wrong key is reported in words, with what to do and without the key', async (t) => {
  const { page, hub } = await openSimulator(t, { isExpected: isLostSocket });
  const device = await BackEnd.createDevice(hub, 'wrong-key');
  const wrongKey = Buffer.from('a wrong key').toString('base64');
  const wrong = device.connectionString.replace(device.primaryKey, wrongKey);
  await connect(page, { [CONNECTION_STRING]: wrong, [ENDPOINT]: device.endpoint });
  await waitForState(page, 'failed');
  const notice = page
    .locator('main .notice.bad')
    .filter({ hasText: 'check that the key is right' });
  await notice.locator('.hint').filter({ hasText: 'IoT hub → Devices' }).waitFor();
  await page.getByRole('status').filter({ hasText: 'check that the key is right' }).waitFor();
  const told = page.getByRole('status').filter({ hasText: '0 of 1 device connected, 1 failed' });
  await told.waitFor({ state: 'attached' });
  await rowOf(page, 'wrong-key').filter({ hasText: 'failed:' }).waitFor();
  assert.ok(!(await page.content()).includes(wrongKey));
});

test('a device stops and starts, each by its own button', async (t) => {
  const { page, device } = await openWithDevice(t);
  await page.getByRole('button', { name: 'Stop thermostat-1' }).click();
  await waitForState(page, 'stopped');
  assert.equal((await device.state()).connected, false);
  await page.getByRole('button', { name: 'Start thermostat-1' }).click();
  await waitForState(page, 'connected');
  assert.equal((await device.state()).connected, true);
});

test('all devices stop and start, or only those that the filter shows', async (t) => {
  const { page, backEnd } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('12');
  await page.getByRole('button', { name: 'Add 12 devices' }).click();
  const connected = (number) =>
    page
      .locator('.now')
      .filter({ hasText: `${number} of 12 connected` })
      .waitFor();
  await connected(12);
  await page.getByRole('button', { name: 'Stop all' }).click();
  await connected(0);
  await page.getByLabel('Filter devices').fill('thermostat-1');
  await page.getByRole('button', { name: 'Start 4 shown' }).click();
  await connected(4);
  assert.equal((await backEnd('thermostat-12').state()).connected, true);
  assert.equal((await backEnd('thermostat-2').state()).connected, false);
});

test('the list is filtered by state', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('3');
  await page.getByRole('button', { name: 'Add 3 devices' }).click();
  await page.locator('.now').filter({ hasText: '3 of 3 connected' }).waitFor();
  await page.getByRole('button', { name: 'Stop thermostat-2' }).click();
  await rowOf(page, 'thermostat-2').filter({ hasText: 'stopped' }).waitFor();
  await page.getByLabel('State').selectOption('Stopped');
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  await rowOf(page, 'thermostat-2').waitFor();
});

test('a removed device leaves the hub, and the page', async (t) => {
  const { page, device } = await openWithDevice(t);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  await device.waitForPackets('disconnect', 'in');
  await page.getByText('No devices yet.').waitFor();
});

test('a device of another hub does not belong to the local hub, whatever its id', async (t) => {
  const { page } = await openWithDevice(t);
  const faults = page.getByText('Inject faults');
  await faults.waitFor();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  const otherHub = await startHub();
  // The page is closed before that happens.
  t.after(() => otherHub.close());
  const device = await BackEnd.createDevice(otherHub, 'thermostat-1');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await connect(page, {
    [CONNECTION_STRING]: device.connectionString,
    [ENDPOINT]: device.endpoint,
  });
  await waitForState(page, 'connected');
  assert.equal(await faults.count(), 0);
});

test('the list can be used with the keyboard', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('3');
  await page.getByLabel('Number of devices').press('Enter');
  await page.locator('.now').filter({ hasText: '3 of 3 connected' }).waitFor();
  await page.getByRole('button', { name: /^All devices/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'thermostat-2' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await waitForState(page, 'stopped');
});

test('keys are in no storage, no address and no attribute', async (t) => {
  const { page, hub } = await openSimulator(t);
  const device = await BackEnd.createDevice(hub, 'secret');
  await connect(page, {
    [CONNECTION_STRING]: device.connectionString,
    [ENDPOINT]: device.endpoint,
  });
  await waitForState(page, 'connected');
  await page.getByRole('button', { name: 'Switch to the' }).click();
  const kept = await page.evaluate(async () => ({
    local: { ...localStorage },
    others: [sessionStorage.length, document.cookie, (await indexedDB.databases()).length],
  }));
  assert.deepEqual(kept, { local: { theme: '"dark"' }, others: [0, '', 0] });
  assert.ok(!(await page.content()).includes(device.primaryKey));
  assert.ok(!page.url().includes(encodeURIComponent(device.primaryKey).slice(0, 12)));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  assert.equal(await page.getByLabel(CONNECTION_STRING).inputValue(), '');
  await page.getByLabel(CONNECTION_STRING).fill(device.connectionString);
  assert.ok(!(await page.content()).includes(device.primaryKey));
});

/** A token of a device, created where tokens may be created: not in the page. */
function tokenOf({ connectionString, primaryKey }) {
  const [, host, id] = /HostName=([^;]*);DeviceId=([^;]*)/.exec(connectionString);
  const resource = encodeURIComponent(`${host}/devices/${id}`);
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const signature = createHmac('sha256', Buffer.from(primaryKey, 'base64'))
    .update(`${resource}\n${expiry}`)
    .digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}
