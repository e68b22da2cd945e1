import assert from 'node:assert/strict';

import { callHub } from '../../../scripts/start/back-end.mjs';
import { openSimulator, openTab, rowOf, test } from './support.mjs';

test('devices of an enrollment group register, and nothing keeps the key of the group', async (t) => {
  const { page, hub, backEnd } = await openSimulator(t);
  const path = '/enrollmentGroups/trucks?api-version=2021-10-01';
  const group = { enrollmentGroupId: 'trucks', attestation: { type: 'symmetricKey' } };
  const { attestation } = await callHub(hub, 'PUT', path, group);
  const { primaryKey } = attestation.symmetricKey;

  await page.getByText('Add devices of an enrollment group').click();
  await page.getByText('Another service or endpoint').click();
  for (const [label, text] of [
    ['ID scope', hub.idScope],
    ['Key of the group', primaryKey],
    ['Registration ids', 'truck-{n}'],
    ['How many', '3'],
    ['First {n}', '7'],
    ['WebSocket endpoint of a local hub', hub.endpoint],
  ]) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.locator('.now').filter({ hasText: '3 of 3 connected' }).waitFor();
  await backEnd('truck-9').waitForTelemetry();

  await rowOf(page, 'truck-7')
    .getByRole('button', { name: /^truck-7/ })
    .click();
  await openTab(page, 'Wire log');
  const packets = page.getByRole('list', { name: 'Packets' }).getByRole('listitem');
  await packets.filter({ hasText: 'registers the device' }).first().waitFor();

  page.on('dialog', (dialog) => dialog.accept());
  await page.reload();
  await page.getByText('truck-8').first().waitFor();
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...sessionStorage }, document.body.innerHTML]),
  );
  assert.ok(!kept.includes(primaryKey.slice(0, 20)));
});

test('a pattern without a number is for one device only', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByText('Add devices of an enrollment group').click();
  for (const [label, text] of [
    ['ID scope', '0ne1'],
    ['Key of the group', 'a2V5'],
    ['Registration ids', 'truck'],
    ['How many', '2'],
  ]) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByText('The registration ids need {n}').waitFor();
});
