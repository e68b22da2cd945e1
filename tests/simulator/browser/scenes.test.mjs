import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { sceneToLink } from '../../../simulator/src/scene-link.js';
import { models } from '../models.mjs';
import { firstBodies } from '../scenes.mjs';
import {
  openPage,
  openSimulator,
  openTab,
  openWithDevice,
  test,
  waitForState,
} from './support.mjs';

const file = new URL('../../../simulator/scenes/machine.json', import.meta.url);
const machine = JSON.parse(await readFile(file, 'utf8'));

const JSON_FILE = { name: 'scene.json', mimeType: 'application/json' };

async function openScene(t, options) {
  const simulator = await openWithDevice(t, options);
  await simulator.page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(simulator.page, 'Scene');
  return simulator;
}

const load = (page, scene) =>
  page.getByLabel('File of a scene').setInputFiles({
    ...JSON_FILE,
    buffer: Buffer.from(typeof scene === 'string' ? scene : JSON.stringify(scene)),
  });

async function save(page) {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  return readFile(await (await downloading).path(), 'utf8');
}

for (const [title, number, id, member] of [
  ['Thermostat', 3, 'thermostat-1', 'temperature'],
  ['Vehicle fleet', 22, 'van-1', 'position'],
  ['Machine with alarms', undefined, undefined, undefined],
]) {
  test(`the example “${title}” runs`, async (t) => {
    const { page, backEnd } = await openSimulator(t);
    await page.getByLabel(title).check();
    const all = page.getByRole('button', { name: /^Add (the scene’s|1 device)/ }).first();
    await all.click();
    if (number)
      await page
        .locator('.now')
        .filter({ hasText: `${number} of ${number} connected` })
        .waitFor();
    const first = id ?? (await page.locator('.row-id').nth(1).textContent());
    const [message] = await backEnd(first).waitForTelemetry();
    assert.ok((member ?? Object.keys(JSON.parse(message.text))[0]) in JSON.parse(message.text));
  });
}

test('vehicles are on a map, which opens them, and in a table', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Vehicle fleet').check();
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  await page.getByRole('group', { name: 'Map of 22 devices' }).waitFor();
  assert.equal(await page.locator('.vehicle').count(), 22);
  await page.getByRole('link', { name: /^van-3,/ }).press('Enter');
  await page.getByRole('heading', { name: 'van-3' }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Table' }).click();
  await page.getByRole('columnheader', { name: 'speed km/h' }).waitFor();
  const row = page.getByRole('row').filter({ hasText: 'van-3' });
  await row.filter({ hasText: /47\.\d+/ }).waitFor();
  await row.getByRole('button', { name: 'van-3' }).click();
  await page.getByRole('heading', { name: 'van-3' }).waitFor();
});

test('a saved scene contains the edits, and can be loaded from its file', async (t) => {
  const { page, device } = await openScene(t);
  await page.getByLabel('Template').fill('{"saved": "{{choice yes}}"}');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).first().click();
  await page.getByText('Applied to 1 device.').waitFor();
  const text = await save(page);
  assert.equal(
    JSON.parse(text).kinds[0].behaviour.telemetry[0].template,
    '{"saved": "{{choice yes}}"}',
  );

  await page.getByLabel('Machine with alarms').check();
  await load(page, text);
  await page.getByText('Loaded “Thermostat”.').waitFor();
  const before = (await device.telemetry()).at(-1).sequence;
  const [message] = await device.waitForTelemetry(1, before);
  assert.deepEqual(JSON.parse(message.text), { saved: 'yes' });
});

test('a copied link opens the scene elsewhere, and has no key and no device in it', async (t) => {
  const { page, hub } = await openScene(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  const scene = JSON.parse(await save(page));
  scene.title = 'Greenhouse';
  await load(page, scene);
  await page.getByText('Loaded “Greenhouse”.').waitFor();
  await page.getByRole('button', { name: 'Copy a link' }).click();
  await page.getByText('Copied the link.').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!JSON.stringify(scene).includes(hub.hostname));

  const other = await openPage(t, link);
  await other.locator('.scene-name').filter({ hasText: 'Greenhouse' }).waitFor();
  assert.equal(await other.getByLabel('Greenhouse').isChecked(), true);
});

test('a file that is not a scene, or contains a secret, is refused with a reason', async (t) => {
  const { page } = await openScene(t);
  const outcome = page.locator('.keep .notice.bad');
  await load(page, 'no JSON');
  await outcome.filter({ hasText: 'does not contain JSON' }).waitFor();
  const scene = JSON.parse(await save(page));
  await load(page, { ...scene, connectionString: 'HostName=h' });
  await outcome.filter({ hasText: 'connectionString' }).waitFor();
  scene.kinds[0].behaviour.telemetry[0].template = '"HostName=h;DeviceId=d;SharedAccessKey=abc"';
  await load(page, scene);
  await outcome.filter({ hasText: 'must not be in a scene' }).waitFor();
});

test('a link that is opened in the open page loads its scene, or says why not', async (t) => {
  const { url, page } = await openSimulator(t);
  const title = page.locator('.scene-name');
  await page.goto(await sceneToLink({ ...machine, title: 'Linked' }, `${url}/`));
  await title.filter({ hasText: 'Linked' }).waitFor();
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
  await page.goto(`${url}/#scene=damaged.`);
  await page.getByText('The scene in the link was not loaded: The link is damaged').waitFor();
  await title.filter({ hasText: 'Linked' }).waitFor();
});

test('devices of a kind with a long name have a shorter one', async (t) => {
  const { url, page } = await openSimulator(t);
  const [kind] = machine.kinds;
  const kinds = [{ ...kind, count: 1, name: 'long '.repeat(25).trim() }];
  await page.goto(await sceneToLink({ ...machine, title: 'Long', kinds }, `${url}/`));
  await page.locator('.scene-name').filter({ hasText: 'Long' }).waitFor();
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
});

test('a damaged link is reported, and the page works', async (t) => {
  const { url } = await openSimulator(t);
  const page = await openPage(t, `${url}/#scene=damaged`);
  await page.getByText('The scene in the link was not loaded').waitFor();
  await page.getByRole('button', { name: 'Add 1 device' }).waitFor();
});

test('a device of the page sends what the same scene, seed and id send elsewhere', async (t) => {
  const { device } = await openWithDevice(t);
  const place = new URL('../../../simulator/scenes/thermostat.json', import.meta.url);
  const scene = JSON.parse(await readFile(place, 'utf8'));
  const messages = await device.waitForTelemetry(2);
  const expected = firstBodies(scene.kinds[0].behaviour, 'thermostat-1', messages.length);
  assert.deepEqual(
    messages.map(({ text }) => JSON.parse(text).temperature),
    expected.map(({ temperature }) => temperature),
  );
});

test('loaded DTDL models become a scene with the parts of the models', async (t) => {
  const { page } = await openScene(t);
  const files = [models.controller, models.thermostat, models.deviceInformation];
  const file = page.getByLabel('File of a scene');
  const asFiles = files.map((model, index) => ({
    name: `${index}.json`,
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(model)),
  }));
  await file.setInputFiles(asFiles);
  await page.getByText('Loaded “Temperature Controller”.').waitFor();
  await page.getByLabel('Message to edit').selectOption('thermostat2, every 10 s');
  await page.getByLabel('Component of the model').waitFor();
  assert.equal(await page.getByLabel('Component of the model').inputValue(), 'thermostat2');
  await file.setInputFiles(asFiles.slice(0, 1));
  await page.getByText(/Thermostat;1 is in none of the files/).waitFor();
});
