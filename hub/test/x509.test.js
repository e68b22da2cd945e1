import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub({ https: true });

const secure = () => ({ hostname: hub.hostname, endpoint: hub.started.secureEndpoint });

const createDevice = (authentication) => hub.createDevice('device', { authentication });

const trusted = ({ cert, key } = {}) => ({ ca: hub.started.ca, cert, key });

async function assertAccepted(device, certificate) {
  const client = await MqttClient.connect(secure(), device, trusted(certificate));
  await client.publish(`devices/${device.deviceId}/messages/events/`, 'x');
  await client.end();
}

async function assertRefused(device, certificate, reason, options = {}) {
  const { endpoint: url = hub.started.secureEndpoint, ...connect } = options;
  const client = await RawClient.open(hub, { url, ...trusted(certificate) });
  client.send(connectPacket(hub, device, connect));
  assert.equal((await client.next()).returnCode, 5);
  await client.closed;
  const { connections } = await hub.local(device, 'GET', '/connections');
  assert.equal(connections.at(-1).accepted, false);
  assert.match(connections.at(-1).closedBecause, reason);
}

describe('a self-signed device', () => {
  for (const slot of ['primaryThumbprint', 'secondaryThumbprint']) {
    for (const kind of ['sha1Thumbprint', 'sha256Thumbprint']) {
      test(`accepts the ${kind} of its ${slot}`, async () => {
        const certificate = await hub.started.issueSelfSignedCertificate('whoever');
        const device = await createDevice({ type: 'selfSigned', [slot]: certificate[kind] });
        await assertAccepted(device, certificate);
      });
    }
  }

  test('accepts thumbprints in lower case with colons', async () => {
    const certificate = await hub.started.issueSelfSignedCertificate('whoever');
    const text = certificate.sha1Thumbprint.toLowerCase().match(/../g).join(':');
    const device = await createDevice({ type: 'selfSigned', primaryThumbprint: text });
    await assertAccepted(device, certificate);
  });

  test('is refused with another certificate, with none, and over ws', async () => {
    const certificate = await hub.started.issueSelfSignedCertificate('whoever');
    const primaryThumbprint = certificate.sha256Thumbprint;
    const device = await createDevice({ type: 'selfSigned', primaryThumbprint });
    const other = await hub.started.issueSelfSignedCertificate('whoever');
    await assertRefused(device, other, /thumbprint/);
    await assertRefused(device, undefined, /the client sent no certificate/);
    const { endpoint, secureEndpoint } = hub.started;
    await assertRefused(device, certificate, /the client sent no certificate/, { endpoint });
    await assertRefused(device, certificate, /the client sent no certificate/, {
      endpoint: `${secureEndpoint}?iothub-no-client-cert=true`,
    });
  });

  test('is refused with a SAS token, right certificate or not', async () => {
    const certificate = await hub.started.issueSelfSignedCertificate('whoever');
    const primaryThumbprint = certificate.sha256Thumbprint;
    const device = await createDevice({ type: 'selfSigned', primaryThumbprint });
    const { primaryKey: key } = hub.started.policies.device;
    const password = sasToken({ resource: resourceOf(hub, device), key, policy: 'device' });
    await assertRefused(device, certificate, /not with a SAS token/, { password });
  });

  test('is refused when its certificate has expired', async () => {
    const certificate = await hub.started.issueSelfSignedCertificate('whoever');
    const primaryThumbprint = certificate.sha256Thumbprint;
    const device = await createDevice({ type: 'selfSigned', primaryThumbprint });
    await hub.fault(device, { clock: 366 * 24 * 60 * 60 });
    await assertRefused(device, certificate, /expired/);
  });
});

describe('a device of the CA', () => {
  test('accepts a certificate in its name', async () => {
    const device = await createDevice({ type: 'certificateAuthority' });
    await assertAccepted(device, await hub.started.issueCertificate(device.deviceId));
  });

  test('accepts a certificate from the HTTP API', async () => {
    const device = await createDevice({ type: 'certificateAuthority' });
    await assertAccepted(device, await hub.local(device, 'POST', '/certificate'));
  });

  test('is refused in another name, self-signed, and with none', async () => {
    const device = await createDevice({ type: 'certificateAuthority' });
    const other = await hub.started.issueCertificate(`${device.deviceId}x`);
    await assertRefused(device, other, /common name/);
    const selfSigned = await hub.started.issueSelfSignedCertificate(device.deviceId);
    await assertRefused(device, selfSigned, /does not chain to the CA/);
    await assertRefused(device, undefined, /the client sent no certificate/);
  });
});

test('a module that trusts the CA accepts a certificate with both names', async () => {
  const module = await hub.createModule({ authentication: { type: 'certificateAuthority' } });
  const { deviceId, moduleId } = module;
  await assertRefused(module, await hub.started.issueCertificate(deviceId), /common name/);
  const certificate = await hub.started.issueCertificate(`${deviceId}/${moduleId}`);
  const client = await MqttClient.connect(secure(), module, trusted(certificate));
  await client.end();
});

test('a device with keys does not accept a certificate', async () => {
  const { deviceId } = await hub.createDevice();
  const certificate = await hub.started.issueCertificate(deviceId);
  await assertRefused({ deviceId }, certificate, /not a SAS token/);
});

describe('the registry', () => {
  test('accepts and returns how a device authenticates', async () => {
    const { sha1Thumbprint } = await hub.started.issueSelfSignedCertificate('x');
    const x509Thumbprint = { primaryThumbprint: sha1Thumbprint, secondaryThumbprint: null };
    for (const authentication of [{ type: 'selfSigned', x509Thumbprint }, { x509Thumbprint }]) {
      const { deviceId } = await hub.createDevice();
      const path = `/devices/${deviceId}`;
      await hub.call('PUT', path, { authentication }, { 'if-match': '*' });
      assert.deepEqual((await hub.json('GET', path)).authentication, {
        type: 'selfSigned',
        x509Thumbprint,
        symmetricKey: { primaryKey: null, secondaryKey: null },
      });
      const twin = await hub.json('GET', `/twins/${deviceId}`);
      assert.equal(twin.authenticationType, 'selfSigned');
      assert.deepEqual(twin.x509Thumbprint, x509Thumbprint);
    }
  });

  test('refuses invalid thumbprints', async () => {
    for (const primaryThumbprint of ['12', 'x'.repeat(40), 'A'.repeat(41)]) {
      const authentication = { type: 'selfSigned', primaryThumbprint };
      const answer = await hub.call('PUT', '/local/devices/bad', { authentication });
      assert.equal(answer.status, 400);
    }
  });

  test('returns a connection string without a key for X.509', async () => {
    const device = await createDevice({ type: 'certificateAuthority' });
    const { deviceId } = device;
    assert.deepEqual(device, {
      deviceId,
      authentication: { type: 'certificateAuthority' },
      connectionString: `HostName=${hub.hostname};DeviceId=${deviceId};x509=true`,
      endpoint: hub.endpoint,
      secureEndpoint: hub.started.secureEndpoint,
    });
  });
});
