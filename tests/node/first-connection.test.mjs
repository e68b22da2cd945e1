import assert from 'node:assert/strict';

import { startHub } from 'iothub-local';

import {
  CredentialError,
  Inbox,
  IoTHubDeviceClient,
  createPair,
  refusedEndpoint,
  test,
} from './support.mjs';

const ALWAYS = { connectionRetry: 'always', connectionRetryInterval: 0.05 };

test('with connectionRetry "always" a device may start before its hub', async (t) => {
  const endpoint = await refusedEndpoint();
  const key = btoa('the key of a device that comes early');
  const hostname = 'localhub.azure-devices.net';
  const client = IoTHubDeviceClient.createFromSymmetricKey(key, hostname, 'early', {
    endpoint,
    ...ALWAYS,
  });
  t.after(() => client.shutdown());
  const failures = new Inbox('failed attempt');
  client.onBackgroundException = failures.put;
  const calls = [client.connect(), client.sendMessage('from the beginning'), client.getTwin()];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    assert.match((await failures.take()).message, /could not be opened.*ECONNREFUSED/);
    assert.equal(client.connectionState, 'connecting');
  }
  const { port } = new URL(endpoint);
  const symmetricKey = { primaryKey: key, secondaryKey: key };
  const devices = [{ deviceId: 'early', authentication: { type: 'sas', symmetricKey } }];
  const hub = await startHub({ port: Number(port), hostname, devices });
  t.after(() => hub.close());
  await Promise.all(calls);
  assert.equal(client.connectionState, 'connected');
});

test('with connectionRetry "always" a refused login still ends the calls that wait', async (t) => {
  const { client, backEnd } = await createPair(t, ALWAYS);
  client.onBackgroundException = () => {};
  await backEnd.setFaults({ connack: 3 });
  const calls = [client.connect(), client.sendMessage('x')].map((call) =>
    assert.rejects(call, CredentialError),
  );
  await backEnd.waitForPackets('connack', 'out', 2);
  await backEnd.setFaults({ connack: 5 });
  await Promise.all(calls);
  assert.equal(client.connectionState, 'disconnected');
});
