/** docs/FAULTS.md: connections that cannot be opened. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';

import { startHub } from 'iothub-local';

import { BackEnd, callHub } from '../../scripts/start/back-end.mjs';
import { WatchedDevice, createWatched, faultTest, isError } from './faults/watched.mjs';
import {
  ClientError,
  ConnectionFailedError,
  CredentialError,
  createClient,
  createDevice,
  hub,
  refusedEndpoint,
} from './support.mjs';
import { createAuthority } from './transport/certificates.mjs';
import { listen } from './transport/servers.mjs';

const OTHER_KEY = Buffer.from('the key of another device').toString('base64');

/** Each call rejects with the reason, and there are no other reports. */
async function assertRefused({ client, states, errors }, errorClass, words) {
  const calls = [() => client.connect(), () => client.sendMessage('x'), () => client.getTwin()];
  for (const call of calls) {
    await assert.rejects(call(), (error) => isError(error, errorClass, words));
    assert.equal(client.connectionState, 'disconnected');
  }
  assert.deepEqual(states, []);
  assert.deepEqual(errors.all, []);
}

const symmetricKey = (primaryKey) => ({
  type: 'sas',
  symmetricKey: { primaryKey, secondaryKey: primaryKey },
});

/** One change of the registry. */
async function register({ backEnd }, importMode, change) {
  const operation = { id: backEnd.deviceId, importMode, ...change };
  const path = '/devices?api-version=2021-04-12';
  assert.equal((await callHub(hub, 'POST', path, [operation])).isSuccessful, true);
}

/** A problem in the registry, and its fix. */
const LOGINS = {
  'a wrong key is a CredentialError, and the client works once the hub knows the key': {
    break: ['update', { authentication: symmetricKey(OTHER_KEY) }],
    mend: (key) => ['update', { authentication: symmetricKey(key) }],
  },
  'an unknown device is a CredentialError, and the client works once there is one': {
    break: ['delete'],
    mend: (key) => ['create', { authentication: symmetricKey(key) }],
  },
  'a disabled device is a CredentialError, and the client works once it is enabled': {
    break: ['update', { status: 'disabled' }],
    mend: () => ['update', { status: 'enabled' }],
  },
};

for (const [title, login] of Object.entries(LOGINS)) {
  faultTest(title, async (t) => {
    const device = await createWatched(t);
    await register(device, ...login.break);
    await assertRefused(device, CredentialError, /key is right, .* exists and is enabled.* clock/);
    await register(device, ...login.mend(device.backEnd.primaryKey));
    await device.assertWorks();
  });
}

const CONNACKS = [
  [1, ClientError, /CONNACK 1: it does not speak MQTT/, 'CONNACK 1 is a ClientError'],
  [2, ClientError, /CONNACK 2: the device id/, 'CONNACK 2 is a ClientError'],
  [3, ConnectionFailedError, /CONNACK 3/, 'CONNACK 3 is a ConnectionFailedError'],
  [4, CredentialError, /CONNACK 4/, 'CONNACK 4 is a CredentialError'],
  [5, CredentialError, /CONNACK 5/, 'CONNACK 5 is a CredentialError'],
];

for (const [connack, errorClass, words, title] of CONNACKS) {
  faultTest(title, async (t) => {
    const device = await createWatched(t);
    await device.backEnd.setFaults({ connack });
    await assertRefused(device, errorClass, words);
    await device.backEnd.setFaults({ clear: true });
    await device.assertWorks();
  });
}

faultTest('a CONNACK code that MQTT does not have is a ClientError', async (t) => {
  const device = await createWatched(t);
  const { client, backEnd } = device;
  await backEnd.setFaults({ withhold: ['connack'] });
  const words = /malformed MQTT packet/;
  const refused = assert.rejects(client.connect(), (error) => isError(error, ClientError, words));
  await backEnd.waitForPackets('connect', 'in');
  await backEnd.setFaults({ clear: true, send: '20020009' });
  await refused;
  await device.assertWorks();
});

const UPGRADES = [
  [true, /503/, 'HTTP 503 to the upgrade is a ConnectionFailedError'],
  ['reset', /ECONNRESET/, 'a TCP reset instead of the upgrade is a ConnectionFailedError'],
];

for (const [refuseUpgrade, words, title] of UPGRADES) {
  faultTest(title, async (t) => {
    const device = await createWatched(t);
    await device.backEnd.setHubFaults({ refuseUpgrade });
    await assertRefused(device, ConnectionFailedError, words);
    await device.backEnd.setHubFaults({ clear: true });
    await device.assertWorks();
  });
}

faultTest('a refused TCP connection is a ConnectionFailedError until the hub is up', async (t) => {
  const endpoint = await refusedEndpoint();
  const { deviceId, primaryKey, connectionString } = await createDevice();
  const client = createClient(t, { connectionString, endpoint });
  await assertRefused(new WatchedDevice(client), ConnectionFailedError, /ECONNREFUSED/);

  const authentication = symmetricKey(primaryKey);
  const port = Number(new URL(endpoint).port);
  const lateHub = await startHub({ port, devices: [{ deviceId, authentication }] });
  t.after(() => lateHub.close());
  const backEnd = await BackEnd.createDevice(lateHub, deviceId);
  await new WatchedDevice(client, backEnd, lateHub).assertWorks();
});

const authority = await createAuthority('the authority');

/** A TLS connection to the hub. */
async function startTls(t, certificate) {
  const { port, pathname } = new URL(hub.endpoint);
  const server = createServer(certificate, (socket) => {
    pipeline(socket, connect(port, '127.0.0.1'), socket, () => {});
  });
  const endpoint = `wss://localhost:${await listen(t, server)}${pathname}`;
  return { server, endpoint };
}

const CERTIFICATES = [
  {
    title: 'a certificate that is not trusted is a ConnectionFailedError that says so',
    issue: async () => (await createAuthority('a stranger')).issue('it', { dns: ['localhost'] }),
    words: /certificate.*\(.*(self-signed|issuer|verify)/,
  },
  {
    title: 'a certificate for another host is a ConnectionFailedError that says so',
    issue: () => authority.issue('it', { dns: ['elsewhere.example'] }),
    words: /certificate.*\(.*altnames.*elsewhere\.example/,
  },
];

for (const { title, issue, words } of CERTIFICATES) {
  faultTest(title, async (t) => {
    const { server, endpoint } = await startTls(t, await issue());
    const device = await createWatched(t, { endpoint, serverVerificationCert: authority.pem });
    await assertRefused(device, ConnectionFailedError, words);
    server.setSecureContext(await authority.issue('it', { dns: ['localhost'] }));
    await device.assertWorks();
  });
}
