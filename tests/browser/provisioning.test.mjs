/** The same registration in a page and in a worker. */
import assert from 'node:assert/strict';

import { startHub } from 'iothub-local';
import { after } from 'node:test';

import { callHub } from '../../scripts/start/back-end.mjs';
import { openPage, serveRepository, test } from './support.mjs';

const hub = await startHub();
after(() => hub.close());
const group = { enrollmentGroupId: 'pages', attestation: { type: 'symmetricKey' } };
const { attestation } = await callHub(
  hub,
  'PUT',
  '/enrollmentGroups/pages?api-version=2021-10-01',
  group,
);
const { primaryKey } = attestation.symmetricKey;

/** From the key of a group to a device that talks. Runs in the browser. */
async function registerAndTalk({ idScope, endpoint, groupKey, registrationId }) {
  const { IoTHubDeviceClient, ProvisioningDeviceClient, deriveDeviceKey } =
    await import('/pkg/index.browser.js');
  const provisioningHost = 'global.azure-devices-provisioning.net';
  const symmetricKey = deriveDeviceKey(groupKey, registrationId);
  const names = [provisioningHost, registrationId, idScope];
  const options = { endpoint };
  const { createFromSymmetricKey, createFromX509Certificate } = ProvisioningDeviceClient;
  const { status } = await createFromSymmetricKey(...names, symmetricKey, options).register();
  let refused;
  try {
    createFromX509Certificate(...names, { cert: '' }, options);
  } catch (error) {
    refused = error.name;
  }
  const device = { provisioningHost, idScope, registrationId, symmetricKey };
  const client = IoTHubDeviceClient.createFromProvisioning(device, options);
  await client.sendMessage('hello');
  await client.shutdown();
  return { status, refused };
}

async function check(registrationId, run) {
  const { idScope, endpoint } = hub;
  const given = { idScope, endpoint, groupKey: primaryKey, registrationId };
  assert.deepEqual(await run(given), { status: 'assigned', refused: 'TypeError' });
  const { messages } = await callHub(hub, 'GET', `/local/devices/${registrationId}/telemetry`);
  assert.deepEqual(
    messages.map(({ text }) => text),
    ['hello'],
  );
}

test('a page registers, connects and sends', async (t) => {
  const page = await openPage(t, `${await serveRepository(t)}/tests/browser/empty.html`);
  await check('page-1', (given) => page.evaluate(registerAndTalk, given));
});

test('a worker registers, connects and sends', async (t) => {
  const page = await openPage(t, `${await serveRepository(t)}/tests/browser/empty.html`);
  const work = ([code, given]) => {
    const program = `(${code})(${JSON.stringify(given)}).then(postMessage, (e) => postMessage(String(e)))`;
    const source = program.replaceAll("'/pkg/", `'${location.origin}/pkg/`);
    const worker = new Worker(URL.createObjectURL(new Blob([source])));
    return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
  };
  await check('worker-1', (given) => page.evaluate(work, [registerAndTalk.toString(), given]));
});
