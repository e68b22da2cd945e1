/** Registration with a certificate of the device's own, and for one that the service issues. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

import { startHub } from 'iothub-local';

import { certificateRequest } from '../../pkg/certificate-request.js';
import { BackEnd, callHub } from '../../scripts/start/back-end.mjs';
import {
  CredentialError,
  IoTHubDeviceClient,
  ProvisioningDeviceClient,
  ServiceError,
  X509,
  test,
  within,
} from './support.mjs';
import { createAuthority } from './transport/certificates.mjs';

const HOST = 'global.azure-devices-provisioning.net';
const API = 'api-version=2021-10-01';

const hub = await startHub({ https: true });
after(() => hub.close());

const options = { endpoint: hub.secureEndpoint, serverVerificationCert: hub.ca };

/** An enrollment of one device. */
const enroll = (registrationId, attestation) =>
  callHub(hub, 'PUT', `/enrollments/${registrationId}?${API}`, { registrationId, attestation });

/** An enrollment of one device with a key. */
async function enrollWithKey(registrationId) {
  const { attestation } = await enroll(registrationId, { type: 'symmetricKey' });
  return attestation.symmetricKey.primaryKey;
}

/** A client that is shut down at the end of the test. */
function provisioned(t, device, more) {
  const client = IoTHubDeviceClient.createFromProvisioning(
    { provisioningHost: HOST, idScope: hub.idScope, ...device },
    { ...options, connectionRetryInterval: 0.2, ...more },
  );
  t.after(() => within(10, client.shutdown(), 'shutdown did not end'));
  return client;
}

const fail = (registrationId, faults) =>
  callHub(hub, 'POST', `/local/registrations/${registrationId}/faults`, faults);

/** How often a device has registered. */
async function registrationsOf(registrationId) {
  const path = `/local/registrations/${registrationId}/packets?direction=in`;
  const { packets } = await callHub(hub, 'GET', path);
  return packets.filter(({ topic }) => topic?.includes('/iotdps-register/')).length;
}

/** The passwords with which a device has connected to the hub. */
async function passwordsOf(deviceId) {
  const path = `/local/devices/${deviceId}/packets?direction=in`;
  const { packets } = await callHub(hub, 'GET', path);
  return packets.filter(({ cmd }) => cmd === 'connect').map(({ password }) => password);
}

test('a device registers and connects with its own certificate', async (t) => {
  const registrationId = 'enrolled';
  const { cert, key } = await hub.issueSelfSignedCertificate(registrationId);
  const clientCertificates = { primary: { certificate: cert } };
  await enroll(registrationId, { type: 'x509', x509: { clientCertificates } });
  const x509 = new X509(cert, key);
  const client = provisioned(t, { registrationId, x509 });
  await client.sendMessage('hello');
  assert.deepEqual(await passwordsOf(registrationId), [undefined]);

  const names = [HOST, registrationId, hub.idScope];
  const { createFromX509Certificate } = ProvisioningDeviceClient;
  const { registrationState } = await createFromX509Certificate(...names, x509, options).register();
  assert.equal(registrationState.deviceId, registrationId);
  assert.equal(registrationState.assignedHub, hub.hostname);

  const stranger = await hub.issueSelfSignedCertificate(registrationId);
  const other = new X509(stranger.cert, stranger.key);
  const refused = createFromX509Certificate(...names, other, options).register();
  await assert.rejects(refused, (error) => error instanceof CredentialError);
});

test('a device of a group registers with a certificate of its authority', async (t) => {
  const signingCertificates = { primary: { certificate: hub.ca } };
  const attestation = { type: 'x509', x509: { signingCertificates } };
  const group = { enrollmentGroupId: 'certified', attestation };
  await callHub(hub, 'PUT', `/enrollmentGroups/certified?${API}`, group);
  const registrationId = 'member';
  const { cert, key } = await hub.issueCertificate(registrationId);
  await provisioned(t, { registrationId, x509: new X509(cert, key) }).sendMessage('hello');
  assert.deepEqual(await passwordsOf(registrationId), [undefined]);
});

test('the service issues the certificate that the device connects to its hub with', async (t) => {
  const registrationId = 'requesting';
  const symmetricKey = await enrollWithKey(registrationId);
  const client = provisioned(t, { registrationId, symmetricKey, certificateRequest });
  await client.sendMessage('hello');
  await client.disconnect();
  await client.connect();
  assert.deepEqual(await passwordsOf(registrationId), [undefined, undefined]);
  assert.equal(await registrationsOf(registrationId), 1);
  const { authentication } = await callHub(hub, 'GET', `/devices/${registrationId}?${API}`);
  assert.equal(authentication.type, 'certificateAuthority');
});

test('the result of a registration has the issued certificate, and shows no key', async (t) => {
  const registrationId = 'result';
  const symmetricKey = await enrollWithKey(registrationId);
  const client = ProvisioningDeviceClient.createFromSymmetricKey(
    HOST,
    registrationId,
    hub.idScope,
    symmetricKey,
    { ...options, certificateRequest },
  );
  const result = await client.register();
  const { registrationState, x509 } = result;
  const [leaf, root] = registrationState.issuedCertificateChain.map(
    (base64) => new X509Certificate(Buffer.from(base64, 'base64')),
  );
  assert.equal(leaf.subject, `CN=${registrationId}`);
  assert.equal(leaf.publicKey.asymmetricKeyDetails.namedCurve, 'secp384r1');
  assert.ok(leaf.verify(root.publicKey));
  const { assignedHub, deviceId } = registrationState;
  const device = IoTHubDeviceClient.createFromX509Certificate(x509, assignedHub, deviceId, options);
  t.after(() => device.shutdown());
  await device.sendMessage('hello');
  const shown = inspect([result, client, device], { depth: null, showHidden: true });
  assert.doesNotMatch(shown + JSON.stringify(result), /PRIVATE KEY/);
});

test('a request that the service refuses, or does not grant, is an error that says why', async (t) => {
  const registrationId = 'refused';
  const symmetricKey = await enrollWithKey(registrationId);
  const other = () => certificateRequest('somebody-else');
  const client = provisioned(t, { registrationId, symmetricKey, certificateRequest: other });
  const refused = await client.connect().catch((error) => error);
  assert.ok(refused instanceof ServiceError, refused);
  assert.equal(refused.status, 400);
  assert.match(refused.message, /common name is not "refused"/);

  const state = { assignedHub: hub.hostname, deviceId: registrationId };
  const body = { status: 'assigned', registrationState: state };
  await fail(registrationId, { registerAnswer: { status: 200, body } });
  const ungranted = provisioned(t, { registrationId, symmetricKey, certificateRequest });
  const error = await ungranted.connect().catch((error) => error);
  assert.match(error.message, /issued no certificate/);
  assert.deepEqual(error.result, body);
});

test('a function that returns no request is a TypeError of the factory', (t) => {
  const device = { registrationId: 'wrong', symmetricKey: 'a2V5' };
  for (const [given, message] of [
    ['a request', /certificateRequest must be a function/],
    [() => ({ key: 'k' }), /csr must be a string, and is undefined/],
  ]) {
    const make = () => provisioned(t, { ...device, certificateRequest: given });
    assert.throws(make, { name: 'TypeError', message });
  }
});

test('a registration replaces a certificate that has expired', async (t) => {
  const registrationId = 'expiring';
  const symmetricKey = await enrollWithKey(registrationId);
  const authority = await createAuthority('of this test');
  const first = await authority.issue(registrationId, { seconds: 3 });
  const second = await authority.issue(registrationId, { key: first.key });
  const certificates = [first, second].map(({ cert }) => new X509Certificate(cert));
  const [primaryThumbprint, secondaryThumbprint] = certificates.map(({ fingerprint }) =>
    fingerprint.replaceAll(':', ''),
  );
  const x509Thumbprint = { primaryThumbprint, secondaryThumbprint };
  const authentication = { type: 'selfSigned', x509Thumbprint };
  const path = `/local/devices/${registrationId}`;
  const backEnd = new BackEnd(hub, await callHub(hub, 'PUT', path, { authentication }));
  const issue = (certificate) => {
    const registrationState = {
      assignedHub: hub.hostname,
      deviceId: registrationId,
      issuedCertificateChain: [certificate.raw.toString('base64')],
    };
    const body = { status: 'assigned', registrationState };
    return fail(registrationId, { registerAnswer: { status: 200, body } });
  };

  await issue(certificates[0]);
  const request = () => ({ csr: 'AAAA', key: first.key });
  const client = provisioned(t, { registrationId, symmetricKey, certificateRequest: request });
  client.onBackgroundException = () => {};
  await client.connect();
  await issue(certificates[1]);
  while (Date.now() <= Date.parse(certificates[0].validTo)) await sleep(100);
  // As a hub does that refuses the certificate in the TLS handshake: it does not say why.
  await callHub(hub, 'POST', `${path}/faults`, { dropAt: 'connect' });
  await backEnd.drop('close');
  await client.sendMessage('hello');
  assert.equal(await registrationsOf(registrationId), 2);
});
