/**
 * Many devices: from a list, in a filtered list that does not move, and with actions for all of
 * them.
 */
import assert from 'node:assert/strict';

import { openSimulator, openTab, openWithDevice, rowOf, test, waitForState } from './support.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

async function openWithDevices(t, number) {
  const simulator = await openSimulator(t);
  await simulator.page.getByLabel('Number of devices').fill(`${number}`);
  await button(simulator.page, `Add ${number} devices`).click();
  const all = `${number} of ${number} connected`;
  await simulator.page.locator('.now').filter({ hasText: all }).waitFor();
  return simulator;
}

test('a list of devices is read with its mistakes by line, adds the others, and is not kept', async (t) => {
  const { page, hub } = await openSimulator(t);
  const headers = { authorization: hub.authorization() };
  const created = await Promise.all(
    ['a', 'b'].map(async (id) => {
      const request = { method: 'PUT', headers };
      return (await fetch(`${hub.url}/local/devices/${id}`, request)).json();
    }),
  );
  const [{ endpoint, primaryKey }] = created;
  const rows = created.map(
    ({ deviceId, connectionString }) => `${deviceId},${connectionString},late-shift`,
  );
  const csv = ['DeviceId,ConnectionString,Tags', ...rows, 'c,HostName=h;DeviceId=c', rows[0]];
  await page.getByText('Add many devices from a list').click();
  await page.getByLabel('Endpoint of their hub').fill(endpoint);
  await page.getByLabel('File of devices').setInputFiles({
    name: 'devices.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(csv.join('\r\n')),
  });
  await page.getByText('2 lines skipped').waitFor();
  const problems = await page.locator('.many-devices .mistakes').innerText();
  assert.match(problems, /Line 4.*Line 5\s+a is already in line 2/s);
  const seen = await page.locator('.many-devices').innerText();
  assert.ok(!seen.includes(primaryKey.slice(0, 12)));
  const masked = page.getByLabel(/^Connection strings, one/);
  assert.equal(
    await masked.evaluate((field) => getComputedStyle(field).webkitTextSecurity),
    'disc',
  );
  await button(page, 'Add 2 devices').click();
  await page.locator('.now').filter({ hasText: '2 of 2 connected' }).waitFor();
  await page.getByLabel('Tag', { exact: true }).selectOption('late-shift');
  await button(page, 'Stop 2 shown').waitFor();
  const kept = await page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide'));
    return JSON.stringify({ ...sessionStorage, ...localStorage });
  });
  assert.ok(kept.includes('late-shift') && !kept.includes(primaryKey.slice(0, 12)));
});

test('rows that no longer match stay where they are until the list is updated', async (t) => {
  const { page } = await openWithDevices(t, 2);
  await page.getByLabel('State').selectOption('connected');
  await button(page, 'Stop 2 shown').click();
  for (const id of ['thermostat-1', 'thermostat-2']) {
    await rowOf(page, id).filter({ hasText: 'stopped' }).waitFor();
  }
  await button(page, '2 devices changed: update the list').click();
  await page.getByText('No device matches.').waitFor();
  assert.equal(await button(page, 'Start 0 shown').isDisabled(), true);
});

test('actions apply to the devices that the filter shows, and not to the others', async (t) => {
  const { page, backEnd } = await openWithDevices(t, 3);
  await page.getByLabel('Filter devices').fill('thermostat-2');
  await button(page, 'More for 1 shown').click();
  await page.getByLabel('New tag').fill('north');
  await button(page, 'Tag').click();
  await page.getByLabel('Filter devices').first().fill('');
  await page.getByLabel('Tag', { exact: true }).first().selectOption('north');

  await page.getByLabel('Patch of the reported properties').fill('{"group": 1}');
  await button(page, 'Report: 1 device').click();
  await page.getByText('thermostat-2: reported').waitFor();
  await page.getByLabel('Patch of the desired properties').fill('{"wanted": 2}');
  await button(page, 'Patch: 1 device').click();
  await page.getByText('thermostat-2: patched').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('nothing');
  await button(page, 'Invoke: 1 device').click();
  await page.getByText('thermostat-2: status 404').waitFor();
  await button(page, 'Send: 1 device').click();
  await page.getByText('thermostat-2: queued at the hub').waitFor();
  const [one, two] = await Promise.all([
    backEnd('thermostat-1').twin(),
    backEnd('thermostat-2').twin(),
  ]);
  assert.deepEqual(
    [one, two].map(({ properties }) => [properties.reported.group, properties.desired.wanted]),
    [
      [undefined, undefined],
      [1, 2],
    ],
  );

  await page.getByText('More faults and their settings').click();
  await page.locator('.more-faults select').first().selectOption('Refuse connections');
  await button(page, 'Turn on').click();
  await button(page, 'End: Refuse connections: 3').waitFor();
  await button(page, 'Reset connection').click();
  await rowOf(page, 'thermostat-2')
    .filter({ hasText: /reconnecting|failed/ })
    .waitFor();
  await button(page, 'End all faults').click();
  await button(page, 'End: Refuse connections: 3').waitFor({ state: 'detached' });
});

test('a duplicate is another device of the same kind, with tags and desired properties', async (t) => {
  const { page, backEnd } = await openWithDevices(t, 2);
  await backEnd('thermostat-1').patchDesired({ targetTemperature: 25 });
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  await page.getByLabel('New tag').fill('north');
  await button(page, 'Tag').click();
  await button(page, 'Duplicate').click();
  await page.getByRole('heading', { name: 'thermostat-3' }).waitFor();
  await button(page, 'Remove tag north').waitFor();
  await openTab(page, 'Twin');
  await page.getByRole('region', { name: 'Desired properties' }).getByText('25').waitFor();
});

test('tags of a removed device come back with Undo, and not if the device is added again', async (t) => {
  const { page } = await openWithDevice(t);
  const tag = button(page, 'Remove tag north');
  const open = () => rowOf(page, 'thermostat-1').getByRole('button').first().click();
  const remove = button(page, 'Remove');
  await page.getByLabel('New tag').fill('north');
  await button(page, 'Tag').click();
  await remove.click();
  await button(page, 'Undo').click();
  await open();
  await tag.waitFor();
  await remove.click();
  await button(page, 'Add the first one').click();
  await page.getByText('Use existing devices of the hub (1)').click();
  await button(page, 'Use all').click();
  await waitForState(page, 'connected');
  assert.equal(await tag.count(), 0);
});
