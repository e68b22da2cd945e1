import assert from 'node:assert/strict';

import {
  openSimulator,
  openTab,
  openWithDevice,
  test,
  waitForLine,
  waitForState,
} from './support.mjs';

const chartOf = (page, title) => page.getByRole('img', { name: new RegExp(`^Chart: ${title}\\.`) });

/** The titles of the charts of a device's messages. */
const titles = (page) => page.locator('.charts.small .chart-title').allTextContents();

async function stop(page) {
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await waitForState(page, 'stopped');
}

async function applyTemplate(page, template, seconds) {
  await openTab(page, 'Telemetry');
  await page.getByLabel('Template').fill(template);
  if (seconds) await page.getByLabel('Every, in seconds').fill(seconds);
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await page.getByText('Applied to 1 device.').waitFor();
  await openTab(page, 'Overview');
}

test('charts keep their lines after a change of tab, also for a stopped device', async (t) => {
  const { page, device } = await openWithDevice(t);
  await device.waitForTelemetry(3);
  await stop(page);
  for (const tab of ['Telemetry', 'Wire log']) {
    await openTab(page, tab);
    await openTab(page, 'Overview');
    await waitForLine(page, chartOf(page, 'temperature'));
    await waitForLine(page, chartOf(page, 'humidity'));
  }
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  await openTab(page, 'Overview');
  await waitForLine(page, chartOf(page, 'Messages per second'));
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  await waitForLine(page, chartOf(page, 'Messages per second'));
});

test('after a change of the template, there are charts of the first eight values that are sent now', async (t) => {
  const { page } = await openWithDevice(t);
  await chartOf(page, 'temperature').waitFor();
  assert.equal(await page.getByText('Charts of the first').count(), 0);
  const names = [...'abcdefghij'];
  for (const prefix of ['one', 'two']) {
    const members = names.map((name) => `"${prefix}-${name}": "{{range 1 9}}"`);
    await applyTemplate(page, `{${members.join()}}`, '0.2');
    await waitForLine(page, chartOf(page, `${prefix}-h`));
    assert.deepEqual(
      await titles(page),
      names.slice(0, 8).map((name) => `${prefix}-${name}`),
    );
    await page.getByText('Charts of the first 8 of 10 values.').waitFor();
  }
});

test('after a change of the scene, a running device has the charts of the new one', async (t) => {
  const { page } = await openWithDevice(t);
  await chartOf(page, 'temperature').waitFor();
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  await page.getByLabel('Machine with alarms').check();
  await page.getByRole('button', { name: /^thermostat-1/ }).click();
  await waitForLine(page, chartOf(page, 'pressure'));
  assert.equal(await chartOf(page, 'temperature').count(), 0);
});

test('a single value is drawn at its time of day', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await openTab(page, 'Scene');
  await page.getByLabel('Every, in seconds').fill('3600');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).first().click();
  await page.getByText('Applied to 0 devices.').waitFor();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  // The axis is drawn on a canvas, so its texts are recorded while it is drawn.
  await page.evaluate(() => {
    window.drawn = new Set();
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      window.drawn.add(text);
      return fillText.call(this, text, ...rest);
    };
  });
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
  await waitForLine(page, chartOf(page, 'humidity'), 10);
  const times = (await page.evaluate(() => [...window.drawn])).filter((text) => /:/.test(text));
  assert.ok(times.length > 1, `${times}`);
  assert.ok(!times.every((text) => text.endsWith(':00:00')), `${times}`);
});

test('the focused start page has no outline', async (t) => {
  const { page } = await openSimulator(t);
  await page.waitForFunction(() => document.activeElement.matches('main'));
  const outline = await page
    .locator('main')
    .evaluate((main) => getComputedStyle(main).outlineStyle);
  assert.equal(outline, 'none');
});
