import assert from 'node:assert/strict';

import {
  hubSide,
  openSimulator,
  openTab,
  openWithDevice,
  rowOf,
  test,
  waitForState,
} from './support.mjs';

const applyButton = (page) => page.getByRole('button', { name: 'Apply to “thermostat”' }).first();

/** Lets the devices send another template, often. */
async function send(page, template) {
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill(template);
  await page.getByLabel('Every, in seconds').fill('0.2');
  await applyButton(page).click();
  await page.getByText('Not applied yet.').waitFor({ state: 'detached' });
}

test('a device that another tab has taken over is reported in words of the page', async (t) => {
  const { page, url } = await openWithDevice(t);
  const other = await page.context().newPage();
  t.after(() => other.close());
  await other.goto(url);
  await other.getByText('Use existing devices of the hub').click();
  await other.getByLabel('thermostat-1').check();
  await other.getByRole('button', { name: 'Use 1 device' }).click();
  await waitForState(other, 'connected');
  const notice = page.locator('.view > .news .notice');
  await notice.filter({ hasText: 'The device was opened in another tab.' }).waitFor();
  await notice.filter({ hasText: 'Start it here to take the connection back.' }).waitFor();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await waitForState(page, 'connected');
});

test('messages of the client for programmers are shown in words of the page', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await waitForState(page, 'stopped');
  await openTab(page, 'Twin');
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.getByText('The device is not connected. Start it first.').waitFor();

  await openTab(page, 'Methods');
  for (const number of [3, 4]) {
    await page.getByRole('button', { name: 'Add a method' }).click();
    const method = page.getByRole('group', { name: `Method ${number}` });
    await method.getByLabel('Name').fill(`method${number}`);
    await method.getByLabel('Payload').fill(number === 4 ? '{' : '{}');
  }
  await applyButton(page).click();
  await page.getByText('method 4, payload, line 1').waitFor();

  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Connection string of the device').fill('HostName=h;DeviceId=d;x509=true');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('A page cannot authenticate with a certificate').waitFor();
});

test('a range without an end is reported, and not sent as null', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill('{"a": "{{range -1e308 1e308}}"}');
  await page.locator('#template-error').filter({ hasText: 'numbers go up to 1e+300' }).waitFor();
  assert.equal(await applyButton(page).isDisabled(), true);
});

test('a file dropped in the wrong place does not open, and text can be dragged into a field', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  /** Whether the browser may neither mark the place nor take what is dropped. */
  const isRefused = (place, what) =>
    place.evaluate((element, what) => {
      const dataTransfer = new DataTransfer();
      if (what === 'file') dataTransfer.items.add(new File(['a'], 'a.txt'));
      else dataTransfer.setData(what, 'http://127.0.0.1/');
      const init = { bubbles: true, cancelable: true, dataTransfer };
      const events = ['dragover', 'drop'].map((type) => new DragEvent(type, init));
      return events.map((event) => !element.dispatchEvent(event));
    }, what);
  const heading = page.getByRole('heading', { name: 'thermostat-1' });
  const field = page.getByLabel('Template');
  assert.deepEqual(await isRefused(heading, 'file'), [true, true]);
  assert.deepEqual(await isRefused(heading, 'text/uri-list'), [true, true]);
  assert.deepEqual(await isRefused(field, 'file'), [true, true]);
  assert.deepEqual(await isRefused(field, 'text/plain'), [false, false]);
});

test('the buttons for the shown devices are disabled if none is shown', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByLabel('Filter devices').fill('none of this name');
  for (const act of ['Start', 'Stop', 'Remove']) {
    const button = page.getByRole('button', { name: `${act} 0 shown` });
    await button.waitFor();
    assert.equal(await button.isDisabled(), true);
  }
});

test('a message that no hub accepts cannot be applied', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill(JSON.stringify('x'.repeat(300_000)));
  const limit = page.getByText('“climate” has 293 KB');
  await limit.waitFor();
  assert.equal(await applyButton(page).isDisabled(), true);
  // Nor while another message is shown.
  await page.getByRole('button', { name: 'Add a message' }).click();
  await page.locator('.preview').filter({ hasText: '"number": 1' }).waitFor();
  await limit.waitFor();
  assert.equal(await applyButton(page).isDisabled(), true);
});

test('an error is gone from the list as soon as messages are acknowledged again', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Telemetry');
  // There is room for the first message, and so for the preview, but not for later ones.
  const tooLong = `${'y'.repeat(400)} `.repeat(50);
  await send(page, JSON.stringify(`${'x'.repeat(261_900)}{{sequence a ${tooLong}}}`));
  await rowOf(page, 'thermostat-1').filter({ hasText: 'the message has' }).waitFor();
  await send(page, '{"good": 1}');
  await rowOf(page, 'thermostat-1').filter({ hasText: 'connected · thermostat' }).waitFor();
  await openTab(page, 'Overview');
  await page.locator('.log').filter({ hasText: 'the message has' }).waitFor();
});

test('a fault for all devices also applies to new ones, and is known after a reload', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  const delay = page.getByRole('button', { name: 'Delay PUBACK' });
  await delay.click();
  await page.getByText('The hub now acknowledges 2 seconds late').waitFor();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await page.getByRole('heading', { name: 'thermostat-2' }).waitFor();
  const pressed = hubSide(page, 'Inject faults').getByRole('button', {
    name: 'Delay PUBACK',
    pressed: true,
  });
  await pressed.waitFor();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  await page.getByRole('heading', { name: 'thermostat-1' }).waitFor();
  await pressed.waitFor();
  await page.reload();
  await pressed.waitFor();
  await page.getByRole('button', { name: /^All devices/ }).click();
  await pressed.click();
  await page.getByText('The hub acknowledges immediately again').waitFor();
  await rowOf(page, 'thermostat-2').getByRole('button').first().click();
  await page.getByRole('heading', { name: 'thermostat-2' }).waitFor();
  await pressed.waitFor({ state: 'detached' });
});

test('a fault for all devices also applies to a copy of a device, and to a restored one', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await page.getByText('More faults and their settings').click();
  await page.locator('.more-faults select').first().selectOption('Fail twin requests');
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('On for 1 device.').waitFor();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  await page.getByRole('button', { name: 'Duplicate' }).click();
  await page.getByRole('heading', { name: 'thermostat-2' }).waitFor();
  const isOn = page.getByRole('button', { name: 'End: Fail twin requests' });
  await isOn.waitFor();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await rowOf(page, 'thermostat-2').getByRole('button').first().click();
  await isOn.waitFor();
});

test('a position that does not exist on Earth is not on the map', async (t) => {
  const { page } = await openWithDevice(t);
  await send(page, '{"position": {"latitude": 1e300, "longitude": -1e300}}');
  await page.getByRole('button', { name: /^All devices/ }).click();
  await page.getByRole('columnheader', { name: 'position.latitude' }).waitFor();
  await page.getByRole('button', { name: 'Map' }).click();
  await page.getByText('No device sends a position.').waitFor();
});

test('with forced colours only the selection is marked', async (t) => {
  const { page } = await openWithDevice(t, { forcedColors: 'active' });
  const border = (locator, side) =>
    locator.evaluate((element, side) => getComputedStyle(element)[side], side);
  const [chosen, other] = await Promise.all(
    ['Overview', 'Twin'].map((name) =>
      border(page.getByRole('tab', { name }), 'borderBottomColor'),
    ),
  );
  assert.notEqual(chosen, other);
  const [fleet, device] = await Promise.all(
    [/^All devices/, /^thermostat-1/].map((name) =>
      border(page.getByRole('navigation').getByRole('button', { name }), 'borderLeftColor'),
    ),
  );
  assert.notEqual(fleet, device);
});

test('the file of a scene has the name of the scene, in any script', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  const save = async () => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a file' }).click();
    return downloading;
  };
  const stream = await (await save()).createReadStream();
  const scene = JSON.parse((await stream.toArray()).join(''));
  const buffer = Buffer.from(JSON.stringify({ ...scene, title: 'Käse-Anlage 日本' }));
  const file = { name: 'scene.json', mimeType: 'application/json', buffer };
  await page.getByLabel('File of a scene').setInputFiles(file);
  await page.getByText('Loaded “Käse-Anlage 日本”.').waitFor();
  assert.equal((await save()).suggestedFilename(), 'käse-anlage-日本.json');
});

test('a mistake in reported properties is shown with its line until it is corrected', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Twin');
  const field = page.getByLabel('Reported at the start');
  await field.fill('{\n"a": 1,\n\n"b": "{{foo}}"\n}');
  const error = page.getByText('line 4, column 7: there is no "foo"');
  await error.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Apply to' }).isDisabled(), true);
  await field.fill('{\n"a": 1,\n\n"b": "{{time}}"\n}');
  await error.waitFor({ state: 'detached' });
});

test('on a phone the names on the map are as large as text, and do not overlap', async (t) => {
  const { page } = await openSimulator(t, { viewport: { width: 375, height: 720 } });
  await page.getByLabel('Vehicle fleet').check();
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  await page.getByRole('group', { name: 'Map of 22 devices' }).waitFor();
  const labels = await page.locator('.vehicle:not(.crowded) text').evaluateAll((texts) =>
    texts.map((text) => {
      const { left, right, top, bottom } = text.getBoundingClientRect();
      return { left, right, top, bottom };
    }),
  );
  assert.ok(labels.length > 0);
  for (const [index, one] of labels.entries()) {
    assert.ok(one.bottom - one.top > 10, `${one.bottom - one.top} pixels high`);
    for (const other of labels.slice(index + 1)) {
      const isApart =
        one.right < other.left ||
        other.right < one.left ||
        one.bottom < other.top + 3 ||
        other.bottom < one.top + 3;
      assert.ok(isApart, JSON.stringify([one, other]));
    }
  }
});

test('the map shows the routes of vehicles again after a change of tab', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Vehicle fleet').check();
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  const longest = (least) =>
    page.waitForFunction((least) => {
      const ways = [...document.querySelectorAll('.vehicle polyline')];
      return ways.some((way) => way.points.length >= least);
    }, least);
  await longest(4);
  await openTab(page, 'Wire log');
  await openTab(page, 'Overview');
  await page.getByRole('group', { name: 'Map of 22 devices' }).waitFor();
  const points = await page
    .locator('.vehicle polyline')
    .evaluateAll((ways) => Math.max(...ways.map((way) => way.points.length)));
  assert.ok(points >= 4, `${points}`);
});
