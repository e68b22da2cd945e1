import assert from 'node:assert/strict';

import { openSimulator, openTab, openWithDevice, rowOf, test } from './support.mjs';

const applyButton = (page) => page.getByRole('button', { name: 'Apply to “thermostat”' }).first();

/** Types like a user who empties the field first. */
async function retype(field, text) {
  await field.fill('');
  await field.pressSequentially(text);
}

test('the typed number of devices is added, and an invalid number adds none', async (t) => {
  const { page } = await openSimulator(t);
  const field = page.getByLabel('Number of devices');
  await retype(field, '12');
  assert.equal(await field.inputValue(), '12');
  await page.getByRole('button', { name: 'Add 12 devices' }).waitFor();
  for (const wrong of ['-3', '1.5', '5000']) {
    await retype(field, wrong);
    await page.getByText('Whole number, 1 to 1,000').waitFor();
    assert.equal(await field.inputValue(), wrong);
    await page.getByRole('button', { name: 'Add devices', exact: true }).click();
    assert.equal(await field.evaluate((element) => element.matches(':focus')), true);
  }
  await retype(field, '2');
  await page.getByRole('button', { name: 'Add 2 devices' }).click();
  await page.locator('.now').filter({ hasText: '2 of 2 connected' }).waitFor();
});

for (const [tab, label, right, wrongs] of [
  ['Telemetry', 'Every, in seconds', '1.05', ['100000', '1000000000', '-1', '']],
  ['Telemetry', 'Jitter, in percent', '12.5', ['101', '-20']],
  ['Methods', 'Delay, in seconds', '1.5', ['-20', '301', '']],
  ['Methods', 'Status', '207', ['1000', '2.5']],
]) {
  test(`“${label}” keeps what is typed, and applies no wrong number`, async (t) => {
    const { page } = await openWithDevice(t);
    await openTab(page, tab);
    const field = page.getByLabel(label).first();
    for (const wrong of wrongs) {
      await retype(field, wrong);
      assert.equal(await field.inputValue(), wrong);
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      await applyButton(page).click();
      assert.equal(await field.evaluate((element) => element.matches(':focus')), true);
    }
    assert.equal(await page.getByText('Applied to 1 device.').count(), 0);
    await retype(field, right);
    await applyButton(page).click();
    await page.getByText('Applied to 1 device.').waitFor();
    assert.equal(await field.inputValue(), right);
    await field.fill('1');
    await page.getByRole('button', { name: 'Undo changes' }).click();
    assert.equal(await field.inputValue(), right);
  });
}

test('unapplied edits are kept when another tab or device is shown', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill('{"draft": ');
  await page.getByLabel('Every, in seconds').fill('100000');
  await openTab(page, 'Twin');
  await page.getByLabel('Reported at the start').fill('{"draft": ');
  await openTab(page, 'Methods');
  await page.getByLabel('Name').first().fill('drafted');
  await page.getByRole('button', { name: /^All devices/ }).click();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  assert.equal(await page.getByLabel('Name').first().inputValue(), 'drafted');
  await openTab(page, 'Twin');
  assert.equal(await page.getByLabel('Reported at the start').inputValue(), '{"draft": ');
  await openTab(page, 'Telemetry');
  assert.equal(await page.getByLabel('Template').inputValue(), '{"draft": ');
  assert.equal(await page.getByLabel('Every, in seconds').inputValue(), '100000');
  await page.getByText('Not applied yet.').waitFor();
});

test('a text to send is kept after a change of tab and view, and removed with its device', async (t) => {
  const { page } = await openWithDevice(t);
  const texts = [
    ['Twin', 'Patch of the reported properties', '{"reported": '],
    ['Twin', 'Patch of the desired properties', '{"desired": '],
    ['Methods', 'Payload', '{"called": '],
    ['Messages', 'Text', 'typed'],
    ['Messages', 'Property', 'urgency'],
  ];
  const fieldOf = (label) => page.getByLabel(label, { exact: true });
  for (const [tab, label, text] of texts) {
    await openTab(page, tab);
    await fieldOf(label).fill(text);
  }
  await page.getByRole('button', { name: /^All devices/ }).click();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  for (const [tab, label, text] of texts) {
    await openTab(page, tab);
    assert.equal(await fieldOf(label).inputValue(), text, label);
  }

  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await rowOf(page, 'thermostat-1').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  await openTab(page, 'Messages');
  assert.equal(await fieldOf('Text').inputValue(), 'Hello, device');
});

test('messages about a draft disappear when it is edited', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Methods');
  const payload = page.getByLabel('Response payload').first();
  await payload.fill('{');
  await applyButton(page).click();
  const mistake = page.getByText('method 1, payload, line 1');
  await mistake.waitFor();
  await payload.fill('{}');
  await mistake.waitFor({ state: 'detached' });
  await applyButton(page).click();
  const applied = page.getByText('Applied to 1 device.');
  await applied.waitFor();
  await payload.fill('[]');
  await applied.waitFor({ state: 'detached' });
});

test('the error of a text to send disappears when the text is edited', async (t) => {
  const isExpected = (complaint) => complaint.startsWith('Failed to load resource');
  const { page } = await openWithDevice(t, { isExpected });
  await openTab(page, 'Twin');
  const patch = page.getByLabel('Patch of the desired properties');
  await patch.fill(JSON.stringify({ a: 'x'.repeat(5000) }));
  await page.getByRole('button', { name: 'Patch', exact: true }).click();
  const mistake = page.getByText('desired.a is a string over 4096 bytes');
  await mistake.waitFor();
  await patch.fill('{"a": 1}');
  await mistake.waitFor({ state: 'detached' });
});

test('a scene keeps its edits while other scenes are used, and an example can be restored', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  const template = page.getByLabel('Template');
  const original = await template.inputValue();
  await template.fill('{"edited": 1}');
  await applyButton(page).click();
  await page.getByText('Applied to 0 devices.').waitFor();
  await page.getByLabel('Machine with alarms').check();
  await page.getByRole('heading', { name: 'What a “press” does' }).waitFor();
  await page.getByLabel('Thermostat').check();
  await page.getByRole('heading', { name: 'What a “thermostat” does' }).waitFor();
  assert.equal(await template.inputValue(), '{"edited": 1}');

  await page.getByRole('button', { name: 'Reset “Thermostat”' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByText('edited', { exact: true }).waitFor({ state: 'detached' });
  assert.equal(await template.inputValue(), original);
});

test('a loaded scene with the title of an example is a separate scene, and is kept', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const stream = await (await downloading).createReadStream();
  const scene = JSON.parse((await stream.toArray()).join(''));
  scene.kinds[0].behaviour.telemetry[0].template = '{"own": 1}';
  await page.getByLabel('File of a scene').setInputFiles({
    name: 'scene.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(scene)),
  });
  const own = page.getByLabel('Thermostat loaded');
  await own.waitFor();
  assert.equal(await own.isChecked(), true);
  await page.getByLabel('Machine with alarms').check();
  await page.getByRole('heading', { name: 'What a “press” does' }).waitFor();
  await own.check();
  await page.getByRole('heading', { name: 'What a “thermostat” does' }).waitFor();
  assert.equal(await page.getByLabel('Template').inputValue(), '{"own": 1}');
});

test('a property with the name of another is reported, and replaces nothing', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  const value = page.getByLabel('Value of property 1');
  await value.fill('kept');
  await page.getByRole('button', { name: 'Add a property' }).click();
  const name = page.getByLabel('Name of property 2');
  await name.fill('room');
  await page.getByText('Another property has this name.').waitFor();
  await applyButton(page).click();
  assert.equal(await name.evaluate((element) => element.matches(':focus')), true);
  assert.equal(await value.inputValue(), 'kept');
  await name.fill('constructor');
  await page.getByText('property constructor is a reserved name').waitFor();
  assert.equal(await applyButton(page).isDisabled(), true);
  await name.fill('7');
  assert.equal(await value.inputValue(), 'kept');
  assert.equal(await name.inputValue(), '7');
  await applyButton(page).click();
  await page.getByText('Applied to 1 device.').waitFor();
  // Objects have names that are numbers first.
  assert.equal(await name.inputValue(), '7');
});

test('a folded section opens if a field in it is invalid', async (t) => {
  const { page } = await openWithDevice(t, { viewport: { width: 375, height: 720 } });
  await openTab(page, 'Telemetry');
  const heading = page.getByRole('heading', { name: /^Properties/ });
  const name = page.getByLabel('Name of property 2');
  await heading.click();
  await page.getByRole('button', { name: 'Add a property' }).click();
  await name.fill('room');
  await heading.click();
  await name.waitFor({ state: 'hidden' });
  await applyButton(page).click();
  assert.equal(await name.evaluate((element) => element.matches(':focus')), true);
  assert.equal(await name.isVisible(), true);
});
