import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { hubSide, openTab, openWithDevice, test } from './support.mjs';

const messages = (page) => page.getByRole('list', { name: 'Messages' }).getByRole('listitem');

/** The file that a button saves. */
async function saved(page, name) {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name, exact: true }).click();
  return readFile(await (await downloading).path(), 'utf8');
}

test('each sent message is listed with body, properties and outcome, and exported as JSON and CSV', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Sent');
  const message = messages(page)
    .filter({ hasText: /\+[\d.]+ ms/ })
    .last();
  await message.filter({ hasText: '"temperature"' }).waitFor();
  await message.getByRole('button').first().click();
  await message.getByText('acknowledged after').waitFor();
  await message.getByText('application/json').waitFor();
  const body = await message.getByRole('region', { name: 'Payload' }).innerText();
  const [seen] = await device.telemetry();
  assert.deepEqual(JSON.parse(body), JSON.parse(seen.text));

  await page.getByText(/messages kept, since .* of this device’s share of 32 MB/).waitFor();
  const lines = (await saved(page, 'JSON lines')).trim().split('\n');
  assert.deepEqual(JSON.parse(lines[0]).body, JSON.parse(seen.text));
  assert.match(await saved(page, 'CSV'), /^time,deviceId,name,status,.*\r\n.*,thermostat-1,/);
});

test('messages can be searched, and filtered by outcome', async (t) => {
  const { page } = await openWithDevice(t);
  await openTab(page, 'Sent');
  await messages(page).first().waitFor();
  await page.getByLabel('Search messages').fill('no such text');
  await page.getByText('No entries, or none that match').waitFor();
  await page.getByLabel('Search messages').fill('TEMPERATURE');
  await messages(page).first().waitFor();
  await page.getByLabel('Outcome').selectOption('Failed');
  await page.getByText('No entries, or none that match').waitFor();
});

test('a message that the hub does not acknowledge waits, and says so', async (t) => {
  const { page, device } = await openWithDevice(t);
  await device.setFaults({ withhold: ['puback'] });
  await openTab(page, 'Sent');
  await page.getByLabel('Outcome').selectOption('Waiting');
  await messages(page).filter({ hasText: 'waiting' }).first().waitFor();
  await device.setFaults({ clear: true });
});

test('a message and what the back end does are shown as code, to copy, without a key', async (t) => {
  const { page, device } = await openWithDevice(t, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await openTab(page, 'Sent');
  await messages(page).first().getByRole('button').first().click();
  await messages(page).first().getByRole('button', { name: 'Code' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('client.sendMessage(message)').waitFor();
  for (const [language, text] of [
    ['Page', '/device-token'],
    ['Python', 'client.send_message(message)'],
    ['curl', '/messages/events?'],
  ]) {
    await dialog.getByRole('button', { name: language }).click();
    await dialog.getByText(text).first().waitFor();
  }
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await dialog.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.startsWith('curl ') && !copied.includes('SharedAccess'));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await openTab(page, 'Methods');
  await hubSide(page, 'Invoke a method').getByLabel('Name').fill("it's");
  await hubSide(page, 'Invoke a method').getByRole('button', { name: 'Code' }).click();
  await dialog.getByRole('button', { name: 'curl' }).click();
  await dialog.getByText('"methodName":"it').waitFor();
  assert.equal((await device.state()).connected, true);
});
