import assert from 'node:assert/strict';

import { openTab, openWithDevice, test, waitForLine } from './support.mjs';

const GENERATORS = ['range', 'walk', 'sine', 'choice', 'counter', 'time', 'device id'];

/** The page with the telemetry editor open. */
async function openEditor(t) {
  const simulator = await openWithDevice(t);
  await openTab(simulator.page, 'Telemetry');
  const template = simulator.page.getByLabel('Template');
  const preview = simulator.page.locator('.preview');
  const apply = simulator.page.getByRole('button', { name: 'Apply to “thermostat”' });
  return { ...simulator, template, preview, apply };
}

/** The first message of the device that has a member of this name. */
async function firstWith(device, name) {
  for (let after = 0; ;) {
    const messages = await device.waitForTelemetry(1, after);
    const found = messages.find(({ text }) => name in JSON.parse(text));
    if (found) return found;
    after = messages.at(-1).sequence;
  }
}

test('a template, its properties and its content type are what the hub gets', async (t) => {
  const { page, device, template, apply } = await openEditor(t);
  await template.fill(
    '{"pressure": "{{range 3 4}}", "who": "{{deviceId}}", "n": "{{counter 7 2}}"}',
  );
  await page.getByLabel('Value of property 1').fill('hall {{choice 9}}');
  await page.getByRole('button', { name: 'Add a property' }).click();
  await page.getByLabel('Name of property 2').fill('line');
  await page.getByLabel('Value of property 2').fill('A & B');
  await page.getByLabel('Content type').fill('application/vnd.press+json');
  await page.getByLabel('Every, in seconds').fill('0.2');
  await apply.click();
  await page.getByText('Applied to 1 device.').waitFor();

  const first = await firstWith(device, 'pressure');
  const { pressure, who, n } = JSON.parse(first.text);
  assert.ok(pressure >= 3 && pressure <= 4, `${pressure}`);
  assert.equal(who, 'thermostat-1');
  assert.equal(n, 7);
  assert.deepEqual(first.properties, { room: 'hall 9', line: 'A & B' });
  assert.equal(first.systemProperties.contentType, 'application/vnd.press+json');
  const [second] = await device.waitForTelemetry(1, first.sequence);
  assert.equal(JSON.parse(second.text).n, 9);
});

test('the preview follows what is typed, and nothing is sent before it is applied', async (t) => {
  const { device, template, preview } = await openEditor(t);
  await template.fill('{"draft": "{{choice yes}}"}');
  await preview.filter({ hasText: '"draft": "yes"' }).waitFor();
  const before = (await device.telemetry()).at(-1).sequence;
  const [message] = await device.waitForTelemetry(1, before);
  assert.ok(!('draft' in JSON.parse(message.text)));
});

test('an invalid template is reported with its place, and cannot be applied', async (t) => {
  const { page, template, apply } = await openEditor(t);
  await template.fill('{\n  "a": 1,\n  "b": "{{wander 1 2}}"\n}');
  await page
    .locator('#template-error')
    .filter({ hasText: /template, line 3, column \d+: .*wander/ })
    .waitFor();
  assert.equal(await template.getAttribute('aria-invalid'), 'true');
  assert.equal(await apply.isDisabled(), true);
  await page.getByRole('button', { name: 'Undo changes' }).click();
  await page.locator('.preview').filter({ hasText: '"temperature"' }).waitFor();
});

test('a mistake in a property is reported there, not at the template', async (t) => {
  const { page, template } = await openEditor(t);
  await page.getByLabel('Value of property 1').fill('{{deviceId');
  const error = page.locator('#template-error');
  await error.filter({ hasText: 'property room: a {{ has no }}' }).waitFor();
  assert.equal(await template.getAttribute('aria-invalid'), 'false');
});

test('a mistake in the payload of a method is reported with its place', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Methods');
  await page.getByLabel('Response payload').first().fill('{"x": 1 "y": 2}');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await page.getByText(/method 1, payload, line 1, column \d+: .*comma/).waitFor();
});

test('every generator that a button inserts works', async (t) => {
  const { page, template, preview } = await openEditor(t);
  for (const name of GENERATORS) {
    await template.fill('{"value": }');
    await template.evaluate((area) => area.setSelectionRange(10, 10));
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForFunction(
      ([text]) => !document.querySelector('.preview')?.textContent.includes(text),
      ['temperature'],
    );
    const value = JSON.parse(await preview.textContent()).value;
    assert.notEqual(value, undefined, name);
    assert.ok(!String(value).includes('{{'), `${name}: ${value}`);
    await page.getByRole('button', { name: 'Undo changes' }).click();
    await preview.filter({ hasText: 'temperature' }).waitFor();
  }
});

test('with telemetry switched off, one message can be sent by hand', async (t) => {
  const { page, device, apply } = await openEditor(t);
  await page.getByLabel('Send telemetry').uncheck();
  await apply.click();
  await page.getByText('Applied to 1 device.').waitFor();
  const before = (await device.telemetry()).at(-1).sequence;
  await openTab(page, 'Overview');
  await page.getByRole('button', { name: 'Send one now' }).click();
  const messages = await device.waitForTelemetry(1, before);
  assert.equal(messages.length, 1);
});

test('sent messages and latency are shown in charts and in words', async (t) => {
  const { page, device, apply } = await openEditor(t);
  await device.waitForTelemetry(3);
  const last = JSON.parse((await device.telemetry()).at(-1).text).temperature;
  await openTab(page, 'Overview');
  const chart = page.getByRole('img', { name: /^Chart: temperature\. now: now/ });
  await chart.waitFor();
  const told = Number(/now: now ([\d.]+) °C/.exec(await chart.getAttribute('aria-label'))[1]);
  assert.ok(Math.abs(told - last) < 2, `${told} is far from ${last}`);
  await waitForLine(page, chart);

  await openTab(page, 'Telemetry');
  await page.getByText('Units of the values').click();
  await page.getByLabel('temperature', { exact: true }).fill('K');
  await apply.click();
  await openTab(page, 'Overview');
  await page.getByText(/^now [\d.]+ K$/).waitFor();

  await page.getByRole('button', { name: /^All devices/ }).click();
  await page.getByRole('img', { name: /Messages per second\. acknowledged: now/ }).waitFor();
  await page.getByRole('img', { name: /Acknowledgement latency\. p50: now [\d.]+ m?s/ }).waitFor();
});
