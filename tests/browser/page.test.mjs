import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';

import { createDevice, openPage, servePage, test } from './support.mjs';

/** The page of `npm start`, connected as a new device. */
async function openConnectedPage(t, options) {
  const backEnd = await createDevice();
  const server = await servePage({ backEnd });
  t.after(() => server.close());
  const page = await openPage(t, server.url, options);
  await waitForState(page, 'connected');
  return { backEnd, page };
}

const waitForState = (page, state) =>
  page.getByRole('status').filter({ hasText: new RegExp(`^${state}$`) }).waitFor();

/** An entry of a list of the page, as soon as it is there. */
function waitForEntry(page, list, text) {
  const entries = page.getByRole('log', { name: list }).getByRole('listitem');
  return entries.filter({ hasText: text }).first().waitFor();
}

const form = (page, heading) =>
  page.locator('form').filter({ has: page.getByRole('heading', { name: heading }) });

test('the page connects the device of npm start by itself', async (t) => {
  const { backEnd } = await openConnectedPage(t);
  const { connected, connections, subscriptions } = await backEnd.state();
  assert.equal(connected, true);
  assert.equal(connections, 1);
  assert.equal(subscriptions.length, 4);
});

test('telemetry leaves by itself and is acknowledged', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');
  await waitForEntry(page, 'Telemetry', /"temperature".* acknowledged$/);
});

test('what somebody types is sent, as JSON or as text', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  await page.getByLabel('and a temperature').uncheck();
  const before = (await backEnd.telemetry()).length;
  const telemetry = page.locator('#telemetry');
  for (const body of ['{"room": "Küche 🌍"}', 'plain text']) {
    await telemetry.getByLabel('Message').fill(body);
    await telemetry.getByRole('button', { name: 'Send' }).click();
  }
  const [json, text] = await backEnd.waitForTelemetry(2, before);
  assert.deepEqual(JSON.parse(json.text), { room: 'Küche 🌍' });
  assert.equal(json.systemProperties.contentType, 'application/json');
  assert.equal(json.properties.sender, 'page');
  assert.equal(text.text, 'plain text');
  await waitForEntry(page, 'Telemetry', /plain text.* acknowledged$/);
});

test('a message that the hub sends is shown with its properties', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  await backEnd.sendMessage({ body: '<b>Grüße</b>', properties: { colour: 'red' } });
  await waitForEntry(page, 'Messages', '<b>Grüße</b> {"colour":"red"}');
});

test('what the hub says is shown as text, whatever markup it holds', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  const markup = '<img src="x" onerror="document.title = 1"><script>document.title = 2</script>';
  await backEnd.sendMessage({ body: markup, properties: { [markup]: markup } });
  await backEnd.invokeMethod(markup, { [markup]: markup });
  await backEnd.patchDesired({ markup });
  for (const list of ['Messages', 'Method calls', 'Desired properties']) {
    await waitForEntry(page, list, '<img src=');
  }
  const telemetry = page.locator('#telemetry');
  await telemetry.getByLabel('Message').fill(markup);
  await telemetry.getByRole('button', { name: 'Send' }).click();
  await waitForEntry(page, 'Telemetry', '<img src=');
  const method = form(page, 'Call a method');
  await method.getByLabel('Payload').fill(JSON.stringify(markup));
  await method.getByRole('button').click();
  await method.locator('output').filter({ hasText: '<img src=' }).waitFor();
  assert.equal(await page.locator('body img, body script').count(), 0);
  assert.equal(await page.title(), 'A device in your browser');
});

test('a method call is answered and shown', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  assert.deepEqual(await backEnd.invokeMethod('blink', { times: 3 }), {
    status: 200,
    payload: { method: 'blink', received: { times: 3 } },
  });
  await waitForEntry(page, 'Method calls', 'blink {"times":3}');
});

test('desired properties are shown as they stand and as they change', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  await waitForEntry(page, 'Desired properties', '{"$version":1}');
  await backEnd.patchDesired({ interval: 7 });
  await waitForEntry(page, 'Desired properties', '"interval":7');
});

test("the buttons of the hub's side act through the hub", async (t) => {
  const { backEnd, page } = await openConnectedPage(t);

  const message = form(page, 'Send a message');
  await message.getByLabel('Text').fill('from the button');
  await message.getByRole('button').click();
  await waitForEntry(page, 'Messages', 'from the button');

  const method = form(page, 'Call a method');
  await method.getByLabel('Payload').fill('{"lamp": "off"}');
  await method.getByRole('button').click();
  await method.locator('output').filter({ hasText: '"status":200' }).waitFor();

  const desired = form(page, 'Wish a property');
  await desired.getByLabel('Patch').fill('{"fan": "on"}');
  await desired.getByRole('button').click();
  await waitForEntry(page, 'Desired properties', '"fan":"on"');
  assert.equal((await backEnd.twin()).properties.desired.fan, 'on');

  await desired.getByLabel('Patch').fill('not JSON');
  await desired.getByRole('button').click();
  await desired.locator('output.bad').filter({ hasText: 'JSON' }).waitFor();
});

for (const how of ['reset', 'close']) {
  test(`a ${how} of the connection is shown and survived`, async (t) => {
    // Chromium itself prints a lost WebSocket on the console.
    const isExpected = (complaint) => complaint.startsWith('WebSocket connection to');
    const { backEnd, page } = await openConnectedPage(t, { isExpected });
    const drop = form(page, 'Drop the connection');
    await drop.getByLabel('By').selectOption(how);
    await drop.getByRole('button').click();
    await waitForEntry(page, 'Events', 'connection lost');
    await backEnd.waitForPackets('connect', 'in', 2);
    await waitForState(page, 'connected');
    const before = (await backEnd.telemetry()).length;
    await backEnd.waitForTelemetry(1, before);
    assert.equal((await backEnd.state()).connections, 2);
  });
}

test('a device can leave, and come back with a connection string that was typed', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await waitForState(page, 'disconnected');
  await backEnd.waitForPackets('disconnect', 'in');

  const other = await createDevice();
  await page.getByLabel('Connection string').fill(other.connectionString);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForState(page, 'connected');
  assert.equal((await other.state()).connected, true);
});

test('a wrong key is told in words and without the key', async (t) => {
  const { backEnd, page } = await openConnectedPage(t);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  const wrongKey = Buffer.from('a wrong key').toString('base64');
  const wrongString = backEnd.connectionString.replace(backEnd.primaryKey, wrongKey);
  await page.getByLabel('Connection string').fill(wrongString);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForEntry(page, 'Events', 'CredentialError');
  await waitForState(page, 'disconnected');
  assert.ok(!(await page.locator('body').innerText()).includes(wrongKey));
});

test('keys stay in memory', async (t) => {
  const { page } = await openConnectedPage(t);
  const kept = await page.evaluate(() => [
    localStorage.length,
    sessionStorage.length,
    document.cookie.length,
  ]);
  assert.deepEqual(kept, [0, 0, 0]);
  assert.equal(new URL(page.url()).search, '');
});

test('every field of the page has a label', async (t) => {
  const { page } = await openConnectedPage(t);
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('input, textarea, select')]
      .filter((field) => !field.labels.length)
      .map((field) => field.id),
  );
  assert.deepEqual(nameless, []);
});

test('the page may run its own scripts and WebAssembly, and nothing else', async (t) => {
  const backEnd = await createDevice();
  const server = await servePage({ backEnd });
  t.after(() => server.close());
  const response = await fetch(server.url);
  const policy = new Map(
    response.headers
      .get('content-security-policy')
      .split('; ')
      .map((directive) => directive.split(/ (.*)/)),
  );
  assert.equal(policy.get('default-src'), "'none'");
  assert.equal(policy.get('script-src'), "'self' 'wasm-unsafe-eval'");
});

test('the page and its device are given to no other host name', async (t) => {
  const backEnd = await createDevice();
  const server = await servePage({ backEnd });
  t.after(() => server.close());
  const statuses = { 'example.com': 400, 'localhost.example.com': 400, localhost: 200 };
  for (const [host, status] of Object.entries(statuses)) {
    const request = get(`${server.url}/device.json`, { headers: { host } });
    const [response] = await once(request, 'response');
    response.resume();
    assert.equal(response.statusCode, status, host);
  }
});
