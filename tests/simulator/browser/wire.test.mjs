import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import {
  hubSide,
  isLostSocket,
  openSimulator,
  openTab,
  openWithDevice,
  rowOf,
  test,
  waitForState,
} from './support.mjs';

const packets = (page) => page.getByRole('list', { name: 'Packets' }).getByRole('listitem');

test('packets and states of the socket are described in words, newest first', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  for (const text of ['socket opening', 'CONNACK accepted', 'telemetry', 'requests the twin']) {
    await packets(page).filter({ hasText: text }).first().waitFor();
  }
  await device.sendMessage({ body: 'hello' });
  await packets(page).filter({ hasText: 'cloud-to-device message' }).waitFor();
  const sequence = await packets(page).evaluateAll((lines) => lines.map((line) => line.innerText));
  const at = (text) => sequence.findIndex((line) => line.includes(text));
  assert.ok(at('cloud-to-device message') < at('CONNACK'));
});

test('the log is filtered by words and by direction', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  await page.getByLabel('Search packets').fill('twin');
  await packets(page).filter({ hasText: 'CONNACK' }).first().waitFor({ state: 'detached' });
  await packets(page).filter({ hasText: 'twin' }).first().waitFor();
  await page.getByLabel('Search packets').fill('');
  await packets(page).filter({ hasText: 'logs in' }).waitFor();
  await page.getByLabel('Direction').selectOption('Received');
  await packets(page).filter({ hasText: 'logs in' }).first().waitFor({ state: 'detached' });
  await packets(page).filter({ hasText: 'CONNACK' }).waitFor();
});

test('a paused log does not move until it is resumed', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  await packets(page).filter({ hasText: 'CONNACK' }).waitFor();
  const pause = page.getByRole('button', { name: 'Pause' });
  await pause.click();
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  await device.sendMessage({ body: 'hello' });
  // The device has the message when the hub has its acknowledgement, and it is shown here after the
  // log.
  const before = (await device.telemetry()).at(-1).sequence;
  await device.waitForTelemetry(2, before);
  assert.equal(await packets(page).filter({ hasText: 'cloud-to-device' }).count(), 0);
  await pause.click();
  await packets(page).filter({ hasText: 'cloud-to-device' }).waitFor();
});

test('the exported log has its packets and no secret', async (t) => {
  const { page, hub } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  await packets(page).filter({ hasText: 'CONNACK' }).waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON lines' }).click();
  const text = await readFile(await (await downloading).path(), 'utf8');
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(records.some(({ packet, id }) => packet === 'CONNECT' && id === 'thermostat-1'));
  const headers = { authorization: hub.authorization() };
  const created = await fetch(`${hub.url}/local/devices/thermostat-1`, { method: 'PUT', headers });
  assert.ok(!text.includes((await created.json()).primaryKey));
  assert.ok(!text.includes('SharedAccessSignature') && !text.includes('sig='));
});

test('a PUBLISH has milliseconds, its properties, its PUBACK, and its payload at a click', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  const line = packets(page).filter({ hasText: 'telemetry' }).filter({ hasText: 'PUBACK' }).last();
  await line.filter({ hasText: /\d\d:\d\d:\d\d\.\d{3}/ }).waitFor();
  await line.filter({ hasText: /PUBACK \+[\d.]+ ms/ }).waitFor();
  await line.locator('.chips').getByText('ct=application/json').waitFor();
  await line.getByRole('button').first().click();
  await line.getByRole('region', { name: 'Payload' }).getByText('"temperature"').waitFor();
});

test('the log holds still under the pointer, scrolled or open, and says how much is new', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Wire log');
  const connack = packets(page).filter({ hasText: 'CONNACK' });
  await connack.waitFor();
  await page.getByLabel('Search packets').fill('cloud-to-device');
  await connack.waitFor({ state: 'detached' });
  const list = page.getByRole('list', { name: 'Packets' });
  const news = page.getByRole('button', { name: /^\d+ new$/ });
  const send = async (body) => device.sendMessage({ body });
  await send('first');
  await packets(page).filter({ hasText: 'cloud-to-device' }).waitFor();

  await list.hover();
  await send('second');
  await news.filter({ hasText: '1 new' }).waitFor();
  assert.equal(await packets(page).count(), 1);
  await news.click();
  await packets(page).nth(1).waitFor();

  await packets(page).nth(1).getByRole('button').first().click();
  await page.getByLabel('Search packets').hover();
  await send('third');
  await news.filter({ hasText: '1 new' }).waitFor();
  assert.equal(await packets(page).count(), 2);
  await news.click();
  await packets(page).nth(2).waitFor();
  assert.equal(await page.getByRole('region', { name: 'Payload' }).count(), 0);
});

test('a scrolled log does not move', async (t) => {
  const { page, device } = await openWithDevice(t, { viewport: { width: 900, height: 420 } });
  await openTab(page, 'Wire log');
  await packets(page).filter({ hasText: 'telemetry' }).first().waitFor();
  const list = page.getByRole('list', { name: 'Packets' });
  await list.evaluate((element) => element.scrollTo(0, 40));
  const first = await packets(page).first().innerText();
  await device.sendMessage({ body: 'hello' });
  await page.getByRole('button', { name: /^\d+ new$/ }).waitFor();
  assert.equal((await packets(page).first().innerText()).slice(0, 12), first.slice(0, 12));
  await page.getByRole('button', { name: /^\d+ new$/ }).click();
  await packets(page).filter({ hasText: 'cloud-to-device' }).waitFor();
});

test('the log of all devices names each', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('2');
  await page.getByRole('button', { name: 'Add 2 devices' }).click();
  await page.locator('.now').filter({ hasText: '2 of 2 connected' }).waitFor();
  await openTab(page, 'Wire log');
  for (const id of ['thermostat-1', 'thermostat-2']) {
    await packets(page).filter({ hasText: id }).filter({ hasText: 'CONNACK' }).waitFor();
  }
});

for (const how of ['Reset', 'Close']) {
  test(`a device survives a ${how.toLowerCase()} of the connection, caused by a click`, async (t) => {
    const { page, device } = await openWithDevice(t, { isExpected: isLostSocket });
    await hubSide(page, 'Inject faults')
      .getByRole('button', { name: `${how} connection` })
      .click();
    await device.waitForPackets('connect', 'in', 2);
    await waitForState(page, 'connected');
    const before = (await device.telemetry()).at(-1).sequence;
    await device.waitForTelemetry(1, before);
    await openTab(page, 'Wire log');
    await packets(page).filter({ hasText: 'socket closed' }).first().waitFor();
  });
}

test('delayed acknowledgements are shown as latency, until they are prompt again', async (t) => {
  const { page, device } = await openWithDevice(t);
  const delay = page.getByRole('button', { name: 'Delay PUBACK' });
  await delay.click();
  await page.getByText('The hub now acknowledges 2 seconds late').waitFor();
  await page.getByRole('button', { name: /^All devices/ }).click();
  await page.getByRole('img', { name: /Acknowledgement latency.* and [2-9][\d.]* s/ }).waitFor();
  await rowOf(page, 'thermostat-1').getByRole('button').first().click();
  assert.equal(await delay.getAttribute('aria-pressed'), 'true');
  await delay.click();
  await page.getByText('The hub acknowledges immediately again').waitFor();
  assert.equal(await delay.getAttribute('aria-pressed'), 'false');
  await device.waitForTelemetry(1, (await device.telemetry()).at(-1).sequence);
});

test('throttling closes the connection of a device that sends too much', async (t) => {
  const { page, device } = await openWithDevice(t, { isExpected: isLostSocket });
  await openTab(page, 'Telemetry');
  await page.getByLabel('Every, in seconds').fill('0.2');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await openTab(page, 'Overview');
  await page.getByRole('button', { name: 'Throttle' }).click();
  await page.getByText('if a second message arrives within one second').waitFor();
  await device.waitForPackets('connect', 'in', 2);
  await page.locator('.log').filter({ hasText: 'reconnects automatically' }).waitFor();
});
