import assert from 'node:assert/strict';

import { hubSide, openTab, openWithDevice, test } from './support.mjs';

test('a declared method gets its declared response, and is logged', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Methods');
  await page.getByRole('button', { name: 'Add a method' }).click();
  const method = page.getByRole('group', { name: 'Method 3' });
  await method.getByLabel('Name').fill('blink');
  await method.getByLabel('Delay, in seconds').fill('0.03');
  await method.getByLabel('Status').fill('207');
  await method.getByLabel('Payload').fill('{"blinked": "{{request.times}}"}');
  await page.getByRole('button', { name: 'Apply to “thermostat”' }).click();
  await page.getByText('Applied to 1 device.').waitFor();

  const answer = await device.invokeMethod('blink', { times: 3 });
  assert.deepEqual(answer, { status: 207, payload: { blinked: 3 } });
  const entry = page.getByRole('list', { name: 'Invocations' }).getByRole('listitem');
  await entry.filter({ hasText: /blink \{"times":3\}.*207 \{"blinked":3\} after/ }).waitFor();
});

test('an undeclared method gets 404', async (t) => {
  const { device } = await openWithDevice(t);
  assert.equal((await device.invokeMethod('unheardOf')).status, 404);
});

test('a method is invoked and a message sent from the page, through the hub', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Methods');
  const invoke = hubSide(page, 'Invoke a method');
  await invoke.getByLabel('Payload').fill('{"targetTemperature": 22}');
  await invoke.getByRole('button', { name: 'Invoke' }).click();
  await invoke.getByText('Status 200').waitFor();

  await openTab(page, 'Messages');
  const send = hubSide(page, 'Send a message to the device');
  await send.getByLabel('Text').fill('from the page');
  await send.getByRole('button', { name: 'Send' }).click();
  const inbox = page.getByRole('log', { name: 'Cloud-to-device messages' });
  await inbox.getByRole('listitem').filter({ hasText: 'from the page' }).waitFor();
  const sent = await device.waitForPackets('publish', 'out');
  assert.ok(sent.some(({ topic }) => topic.includes('/messages/devicebound/')));
});

test('messages are shown with their properties, as text whatever markup they contain', async (t) => {
  const { page, device } = await openWithDevice(t);
  await openTab(page, 'Messages');
  const markup = '<img src="x" onerror="document.title = 1"><script>document.title = 2</script>';
  await device.sendMessage({
    body: `Grüße ${markup}`,
    messageId: 'm-1',
    properties: { colour: markup },
  });
  const entry = page.getByRole('log', { name: 'Cloud-to-device messages' }).getByRole('listitem');
  await entry.filter({ hasText: 'Grüße <img' }).filter({ hasText: 'm-1' }).waitFor();
  await device.invokeMethod(markup.slice(0, 60), { [markup]: markup });
  await device.patchDesired({ markup });
  for (const tab of ['Methods', 'Twin']) {
    await openTab(page, tab);
    await page.getByRole('tabpanel').getByText('<img src=').first().waitFor();
  }
  assert.equal(await page.locator('body img, body script').count(), 0);
  assert.match(await page.title(), /^thermostat-1, .* Device simulator for Azure IoT Hub$/);
});

test('a file is uploaded by the button, and its blob is at the hub', async (t) => {
  const { page, hub } = await openWithDevice(t);
  await openTab(page, 'Files');
  await page.locator('input[type=file]').setInputFiles({
    name: 'log.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('a day in the life'),
  });
  const entry = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
  await entry.filter({ hasText: /log\.txt 17 B uploaded/ }).waitFor();
  const [upload] = await uploads(hub);
  assert.equal(upload.blobName, 'thermostat-1/log.txt');
  assert.equal(upload.isSuccess, true);
  assert.equal(await (await fetch(upload.blobUrl)).text(), 'a day in the life');
});

test('files are uploaded by drag and drop', async (t) => {
  const { page, hub } = await openWithDevice(t);
  await openTab(page, 'Files');
  const files = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['one'], 'one.txt'));
    transfer.items.add(new File(['x'.repeat(3_000_000)], 'two.bin'));
    return transfer;
  });
  const place = page.getByRole('region', { name: 'Upload files' });
  await place.dispatchEvent('dragover', { dataTransfer: files });
  await place.dispatchEvent('drop', { dataTransfer: files });
  for (const name of ['one.txt', 'two.bin']) {
    const entry = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
    await entry.filter({ hasText: name }).filter({ hasText: 'uploaded' }).waitFor();
  }
  const sizes = (await uploads(hub)).map(({ blobSizeInBytes }) => blobSizeInBytes);
  assert.deepEqual(sizes, [3, 3_000_000]);
});

test('an upload that the hub refuses is reported in the list of uploads', async (t) => {
  const isExpected = (complaint) => complaint.startsWith('Failed to load resource');
  const { page, device } = await openWithDevice(t, { isExpected });
  await device.setFaults({ filesStatus: 503 });
  await openTab(page, 'Files');
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'a', mimeType: '', buffer: Buffer.from('a') });
  const entry = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem');
  await entry.filter({ hasText: 'failed' }).filter({ hasText: '503' }).waitFor();
});

async function uploads(hub) {
  const headers = { authorization: hub.authorization() };
  const path = '/local/devices/thermostat-1/uploads';
  return (await (await fetch(hub.url + path, { headers })).json()).uploads;
}
