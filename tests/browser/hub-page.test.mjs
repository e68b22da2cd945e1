/** The page that the local hub serves at `/`, as a person uses it. */
import assert from 'node:assert/strict';

import { startHub } from 'iothub-local';
import mqtt from 'mqtt';

import { openPage, test } from './support.mjs';

async function start(t) {
  const hub = await startHub({ devices: ['device1'] });
  t.after(() => hub.close());
  return hub;
}

/** When the hub ends, its streams end and later requests of the page fail. */
const isExpected = (complaint) => /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/.test(complaint);

/** Connects the device with another client than this package. */
async function connect(t, { endpoint, hostname, authorization }) {
  const client = await mqtt.connectAsync(endpoint, {
    clientId: 'device1',
    username: `${hostname}/device1/?api-version=2021-04-12`,
    password: authorization(),
  });
  t.after(() => client.endAsync(true));
  return client;
}

test('shows devices and their telemetry, and what they send as text', async (t) => {
  const hub = await start(t);
  const page = await openPage(t, hub.url, { isExpected });
  await page.getByText(hub.endpoint, { exact: true }).waitFor();
  await page.getByRole('row', { name: /^device1 not connected/ }).waitFor();
  const client = await connect(t, hub);
  await page.getByRole('row', { name: /^device1 connected/ }).waitFor();
  const text = '<img src=x onerror="document.title = 1">';
  await client.publishAsync('devices/device1/messages/events/', text, { qos: 1 });
  await page.getByText(text, { exact: true }).waitFor();
  assert.equal(await page.title(), 'iothub-local');
});

test('shows connection strings only after a click', async (t) => {
  const hub = await start(t);
  const page = await openPage(t, hub.url, { isExpected });
  await page.getByRole('row', { name: /^device1/ }).waitFor();
  assert.ok(!(await page.content()).includes('SharedAccessKey'));
  await page.getByRole('button', { name: 'Show connection strings' }).click();
  await page.getByText(hub.devices[0].connectionString, { exact: true }).waitFor();
  await page.getByText(hub.serviceConnectionString, { exact: true }).waitFor();
});

test('shows telemetry from before it was opened, and says when the hub is gone', async (t) => {
  const hub = await startHub({ devices: ['device1'] });
  const client = await connect(t, hub);
  await client.publishAsync('devices/device1/messages/events/', 'early', { qos: 1 });
  const page = await openPage(t, hub.url, { isExpected });
  await page.getByText('early', { exact: true }).waitFor();
  await page.getByText('running', { exact: true }).waitFor();
  await hub.close();
  await page.getByText('not responding', { exact: true }).waitFor();
});
