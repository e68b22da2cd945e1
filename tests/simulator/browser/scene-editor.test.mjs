/** The scene editor: every edit can be undone, the edited scene is saved, mistakes are located. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { openSimulator, openTab, openWithDevice, rowOf, test } from './support.mjs';

async function openEditor(page) {
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
}

async function save(page) {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  return readFile(await (await downloading).path(), 'utf8');
}

/** Types into a field and leaves it. */
async function edit(page, label, text) {
  const field = page.getByLabel(label, { exact: true });
  await field.fill(text);
  await field.blur();
}

const lastEdit = (page, what) => page.getByText(`Last edit: ${what}.`).waitFor();
const button = (page, name) => page.getByRole('button', { name, exact: true });

test('a scene is created in the page, undone and redone step by step, saved and loaded', async (t) => {
  const { page } = await openSimulator(t);
  await openEditor(page);
  await button(page, 'New scene').click();
  await page.getByText('This is a new scene.').waitFor();
  const first = await save(page);
  const done = [];
  const step = async (act, what) => {
    await act();
    await lastEdit(page, what);
    done.push(what);
  };
  await step(() => edit(page, 'Title', 'Brewery'), 'rename the scene');
  await step(() => edit(page, 'Description', 'Kettles and pumps'), 'describe the scene');
  await step(() => page.getByLabel('Latest values').selectOption('map'), 'choose table or map');
  await step(() => button(page, 'Copy the kind').click(), 'copy “device”');
  await step(() => edit(page, 'Name of the kind', 'pump'), 'rename “device 2”');
  await step(() => edit(page, 'Devices in the scene', '12'), 'change how many devices “pump” has');
  await step(async () => {
    await button(page, 'Copy this message').click();
    await page.getByLabel('Every, in seconds').fill('60');
    await page.getByLabel('Template').fill('{"level": "{{drain 100 0 1}}"}');
    await button(page, 'Apply to “pump”').first().click();
  }, 'change the messages of “pump”');
  await step(() => button(page, 'Add a kind').click(), 'add a kind');
  await step(() => button(page, 'Remove the kind').click(), 'remove “device 2”');

  const last = await save(page);
  const scene = JSON.parse(last);
  assert.deepEqual(
    [scene.title, scene.view, scene.kinds.map(({ name, count }) => [name, count])],
    [
      'Brewery',
      'map',
      [
        ['device', 1],
        ['pump', 12],
      ],
    ],
  );
  assert.deepEqual(
    scene.kinds[1].behaviour.telemetry.map(({ periodMs }) => periodMs),
    [2000, 60_000],
  );
  for (const before of done.toReversed().slice(1)) {
    await button(page, 'Undo').click();
    await lastEdit(page, before);
  }
  await button(page, 'Undo').click();
  await page.getByText('No edits yet.').waitFor();
  assert.equal(await save(page), first);
  await page.getByRole('heading', { name: 'All devices' }).click();
  for (const what of done) {
    await page.keyboard.press('Control+Shift+Z');
    await lastEdit(page, what);
  }
  assert.equal(await save(page), last);

  await page.getByLabel('Thermostat').check();
  await page.getByLabel('File of a scene').setInputFiles({
    name: 'brewery.json',
    mimeType: 'application/json',
    buffer: Buffer.from(last),
  });
  await page.getByText('Loaded “Brewery”.').waitFor();
  assert.equal(await save(page), last);
});

test('running devices continue as before when their kind is renamed, and by undo, too', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openEditor(page);
  await page.getByLabel('Template').fill('{"number": "{{counter}}"}');
  await page.getByLabel('Every, in seconds').fill('0.2');
  await button(page, 'Apply to “thermostat”').first().click();
  await page.getByText('Applied to 1 device.').waitFor();
  await edit(page, 'Name of the kind', 'oven');
  await rowOf(page, 'thermostat-1').filter({ hasText: 'oven' }).waitFor();
  await page.getByText('1 device in this page').waitFor();
  await button(page, 'Undo').click();
  await rowOf(page, 'thermostat-1').filter({ hasText: 'connected · thermostat' }).waitFor();
  const { sequence } = (await device.telemetry()).at(-1);
  await device.waitForTelemetry(1, sequence);
  const numbers = (await device.telemetry())
    .map(({ text }) => JSON.parse(text).number)
    .filter(Boolean);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test('invalid input stays in its field with its mistake, and is not an edit', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Vehicle fleet').check();
  await openEditor(page);
  await edit(page, 'Name of the kind', 'lorry');
  await page.getByText('There is another kind named “lorry”.').waitFor();
  await edit(page, 'Devices in the scene', '0');
  await page.getByText(/count is below 1/).waitFor();
  await edit(page, 'Model id', 'pump');
  await page.getByText(/is not a model id, such as/).waitFor();
  assert.equal(await page.getByLabel('Devices in the scene').inputValue(), '0');
  await page.getByText('No edits yet.').waitFor();
});

test('the JSON of the scene names each mistake with line and path, and shows its place', async (t) => {
  const { page } = await openSimulator(t);
  await openEditor(page);
  await button(page, 'JSON').click();
  const field = page.getByLabel('The whole scene');
  const text = await field.inputValue();
  const mistake = (pattern) => page.getByRole('listitem').filter({ hasText: pattern });
  await field.fill(
    text.replace('"count": 3', '"count": 0, "colour": 1').replace(/\{\{\w+/, '{{wal'),
  );
  await mistake(/kinds\[0\]\.count is below 1/).waitFor();
  await mistake(/kinds\[0\]\.colour is not known/)
    .getByRole('button')
    .click();
  const selected = await field.evaluate(({ value, selectionStart, selectionEnd }) =>
    value.slice(selectionStart, selectionEnd),
  );
  assert.equal(selected, '"colour": 1');
  assert.equal(await button(page, 'Apply to the scene').isDisabled(), true);
  await field.fill(text.replace(/\{\{\w+/, '{{wal'));
  await mistake(/telemetry\[0\]\.template line \d+, column \d+: there is no "wal"/).waitFor();
  await field.fill(text.replace('"kinds": [', '"kinds": {'));
  await mistake(/^Line \d+/).waitFor();

  await field.fill(text.replace('"count": 3', '"count": 4'));
  await page.getByText(/\d mistake/).waitFor({ state: 'detached' });
  // The text stays while other views are shown.
  await openTab(page, 'Overview');
  await openTab(page, 'Scene');
  await button(page, 'Apply to the scene').click();
  await lastEdit(page, 'change the JSON');
  await button(page, 'Form').click();
  assert.equal(await page.getByLabel('Devices in the scene').inputValue(), '4');
});

test('values, events and data are edited as fields, with mistakes beside them, and undone', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Parcel trackers').check();
  await openEditor(page);
  const before = await save(page);
  const part = (name) =>
    page
      .getByRole('group', { name: /^What a/ })
      .getByText(name)
      .click();
  const apply = () => button(page, 'Apply to “tracker”').click();
  const item = (name) => page.locator('details.item').filter({ hasText: name });
  /** A field in the opened part, whose description is its mistake. */
  const field = (within, label) => within.getByLabel(label, { exact: true });
  const mistake = (within, label, text) =>
    within
      .locator('.number-field', { has: page.getByLabel(label, { exact: true }) })
      .getByText(text)
      .waitFor();

  await part('Values');
  await button(page, 'Add a value').click();
  const added = item('value7');
  await field(added, 'Name').fill('load factor');
  await mistake(item('load factor'), 'Name', /is not a name of a value/);
  await field(item('load factor'), 'Name').fill('load');
  await field(item('load'), 'Next value').fill('{{replay weight}}');
  await mistake(item('load'), 'Next value', /weight/);
  assert.equal(await button(page, 'Apply to “tracker”').isDisabled(), true);
  await field(item('load'), 'Next value').fill('{{replay outside}}');
  await field(item('load'), 'Every, in seconds').fill('soon');
  await mistake(item('load'), 'Every, in seconds', /is not a number/);
  await field(item('load'), 'Every, in seconds').fill('0.01');
  await mistake(item('load'), 'Every, in seconds', 'is below 0.1');
  await field(item('load'), 'Every, in seconds').fill('5');
  await apply();
  await lastEdit(page, 'change the values of “tracker”');

  await part('Events');
  const empty = item('empty');
  await empty.locator('summary').click();
  await empty.getByText('when a condition becomes true: set values, go offline').waitFor();
  await field(empty, 'Condition').fill('load > ');
  await empty.locator('.bad').first().waitFor();
  await field(empty, 'Condition').fill('load > 12');
  await empty.getByRole('combobox', { name: /^Action 2/ }).selectOption('send');
  await mistake(empty, 'Message', /is empty/);
  await field(empty, 'Message').fill('alarm');
  await apply();
  await lastEdit(page, 'change the events of “tracker”');

  await part('Data');
  await page.getByLabel('Data as CSV').fill('outside,outside\n1,2\n');
  await page.getByText('There are two columns named “outside”.').waitFor();
  await page.getByLabel('Data as CSV').fill('outside,"a b"\n1,x\n2\n');
  await apply();
  await lastEdit(page, 'change the data of “tracker”');

  const { behaviour } = JSON.parse(await save(page)).kinds[0];
  assert.deepEqual(behaviour.values.at(-1), {
    name: 'load',
    start: 0,
    next: '{{replay outside}}',
    periodMs: 5000,
  });
  const { trigger, actions } = behaviour.events.find(({ name }) => name === 'empty');
  assert.deepEqual(trigger, { type: 'condition', expression: 'load > 12' });
  assert.deepEqual(actions.at(-1), { type: 'send', message: 'alarm' });
  assert.deepEqual(behaviour.columns, { outside: [1, 2], 'a b': ['x'] });
  for (const what of ['events', 'values']) {
    await button(page, 'Undo').click();
    await lastEdit(page, `change the ${what} of “tracker”`);
  }
  await button(page, 'Undo').click();
  await page.getByText('No edits yet.').waitFor();
  assert.equal(await save(page), before);
});
