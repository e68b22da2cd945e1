import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RegistrationClient } from './support/registration.js';

const hub = new TestHub({ https: true });

let last = 0;
const newId = (name) => `${name}-${++last}`;

const secureHub = () => ({
  hostname: hub.hostname,
  started: hub.started,
  endpoint: hub.started.secureEndpoint,
});

const options = ({ cert, key }) => ({ cert, key, ca: hub.started.ca });

const connect = (registrationId, certificate) =>
  RegistrationClient.connect(secureHub(), { registrationId }, options(certificate));

const enrollmentOf = (kind, ...certificates) => {
  const [primary, secondary] = certificates.map(({ cert }) => ({ certificate: cert }));
  return { attestation: { type: 'x509', x509: { [kind]: { primary, secondary } } } };
};

describe('an individual enrollment with a certificate', () => {
  test('leads to a device that connects with either of its certificates', async () => {
    const registrationId = newId('single');
    const first = await hub.started.issueSelfSignedCertificate(registrationId);
    const second = await hub.started.issueSelfSignedCertificate(registrationId);
    const { attestation } = await hub.json(
      'PUT',
      `/enrollments/${registrationId}`,
      enrollmentOf('clientCertificates', first, second),
    );
    const { info } = attestation.x509.clientCertificates.primary;
    assert.equal(info.subjectName, `CN=${registrationId}`);
    assert.equal(info.sha1Thumbprint, first.sha1Thumbprint);
    assert.equal(info.sha256Thumbprint, first.sha256Thumbprint);
    for (const certificate of [first, second]) {
      const client = await connect(registrationId, certificate);
      const { body } = await client.register();
      assert.equal(body.status, 'assigned');
      assert.deepEqual(body.registrationState.x509, {});
      await client.end();
      const id = { deviceId: registrationId };
      const device = await MqttClient.connect(secureHub(), id, options(certificate));
      await device.end();
    }
  });

  test('refuses another certificate, and none', async () => {
    const registrationId = newId('single');
    const [own, other] = [
      await hub.started.issueSelfSignedCertificate(registrationId),
      await hub.started.issueSelfSignedCertificate(registrationId),
    ];
    const path = `/enrollments/${registrationId}`;
    await hub.json('PUT', path, enrollmentOf('clientCertificates', own));
    for (const [certificate, reason] of [
      [other, /not one of the enrollment/],
      [{}, /the client sent no certificate/],
    ]) {
      const client = await connect(registrationId, certificate);
      const { status, body } = await client.request();
      assert.deepEqual([status, body.errorCode], [401, 401002]);
      assert.match(body.message, reason);
      await client.end();
    }
  });
});

describe('a group with a certificate', () => {
  test('leads to a device for each certificate that it issued, by its common name', async () => {
    await hub.json(
      'PUT',
      `/enrollmentGroups/${newId('group')}`,
      enrollmentOf('signingCertificates', { cert: hub.started.ca }),
    );
    const registrationId = newId('member');
    const certificate = await hub.started.issueCertificate(registrationId);
    const client = await connect(registrationId, certificate);
    const { body } = await client.register();
    assert.equal(body.registrationState.deviceId, registrationId);
    await client.end();
    const id = { deviceId: registrationId };
    const device = await MqttClient.connect(secureHub(), id, options(certificate));
    await device.end();

    const other = newId('member');
    const wrong = await connect(other, certificate);
    assert.match((await wrong.request()).body.message, /common name .* is not "member-/);
    await wrong.end();
    const selfSigned = await hub.started.issueSelfSignedCertificate(other);
    const stranger = await connect(other, selfSigned);
    assert.match(
      (await stranger.request()).body.message,
      /does not chain to a certificate of "group-/,
    );
    await stranger.end();
  });
});

test('an enrollment without a certificate that can be read is refused', async () => {
  for (const attestation of [
    { type: 'x509' },
    { type: 'x509', x509: { clientCertificates: { primary: { certificate: 'nonsense' } } } },
  ]) {
    const { status } = await hub.call('PUT', `/enrollments/${newId('bad')}`, { attestation });
    assert.equal(status, 400);
  }
});
