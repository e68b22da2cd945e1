import assert from 'node:assert/strict';

import { hubSide, openTab, openWithDevice, test } from './support.mjs';

async function openTwin(t) {
  const simulator = await openWithDevice(t);
  await openTab(simulator.page, 'Twin');
  const half = (name) => simulator.page.getByRole('region', { name: `${name} properties` });
  return { ...simulator, desired: half('Desired'), reported: half('Reported') };
}

const version = (half) => half.locator('.tag');

test('desired and reported properties are shown side by side with their versions', async (t) => {
  const { device, desired, reported } = await openTwin(t);
  await reported.filter({ hasText: '"firmware": "1.4.2"' }).waitFor();
  const { properties } = await device.twin();
  await version(desired)
    .filter({ hasText: `version ${properties.desired.$version}` })
    .waitFor();
  await version(reported)
    .filter({ hasText: `version ${properties.reported.$version}` })
    .waitFor();
});

test('reported properties are at the hub, and null removes them', async (t) => {
  const { page, device, reported } = await openTwin(t);
  await reported.filter({ hasText: 'firmware' }).waitFor();
  await page.getByLabel('Patch of the reported').fill('{"door": {"open": true}, "firmware": null}');
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.getByText('Reported.').waitFor();
  await reported.filter({ hasText: '"open": true' }).waitFor();
  const atHub = (await device.twin()).properties.reported;
  assert.deepEqual(atHub.door, { open: true });
  assert.equal('firmware' in atHub, false);
});

test('invalid properties are reported below the field, and are not sent', async (t) => {
  const { page, device, reported } = await openTwin(t);
  await reported.filter({ hasText: 'firmware' }).waitFor();
  const before = (await device.twin()).properties.reported.$version;
  const field = page.getByLabel('Patch of the reported');
  await field.fill('{"a": }');
  await page.getByText('Not valid JSON').waitFor();
  const button = page.getByRole('button', { name: 'Report', exact: true });
  assert.equal(await button.isDisabled(), true);
  await field.fill('[1]');
  await page.getByText('Enter a JSON object').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.equal(await button.isDisabled(), true);
  assert.equal((await device.twin()).properties.reported.$version, before);
});

test('a change is highlighted, and reported follows desired', async (t) => {
  const { page, device, desired, reported } = await openTwin(t);
  const side = hubSide(page, 'Change desired properties');
  await side.getByLabel('Patch').fill('{"targetTemperature": 24.5}');
  await side.getByRole('button', { name: 'Patch' }).click();
  await side.getByText('now at version 2').waitFor();
  await desired.locator('mark').filter({ hasText: '"targetTemperature": 24.5' }).waitFor();
  await reported.locator('mark').filter({ hasText: '24.5' }).waitFor();
  assert.equal((await device.twin()).properties.reported.targetTemperature, 24.5);
});

test('properties reported at the start are edited, and the change is undone', async (t) => {
  const { page, device } = await openTwin(t);
  const field = page.getByLabel('Reported at the start');
  const before = await field.inputValue();
  await field.fill('{"firmware": ');
  await page.getByText('Not valid JSON').waitFor();
  await page.getByRole('button', { name: 'Undo changes' }).click();
  assert.equal(await field.inputValue(), before);
  await field.fill('{"firmware": "2.0.0"}');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await page.getByText('Applied to 1 device. Devices send what is reported at the start').waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('region', { name: 'Reported properties' }).getByText('2.0.0').waitFor();
  assert.equal((await device.twin()).properties.reported.firmware, '2.0.0');
});

test('without the rule, reported properties do not follow desired ones', async (t) => {
  const { page, device, desired } = await openTwin(t);
  await page.getByLabel('Report desired properties unchanged').uncheck();
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await page.getByText('Applied to 1 device.').waitFor();
  await device.patchDesired({ targetTemperature: 26 });
  await desired.filter({ hasText: '26' }).waitFor();
  // The next report arrives after anything that the rule would have reported.
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.getByText('Reported.').waitFor();
  assert.equal((await device.twin()).properties.reported.targetTemperature, 21);
});
