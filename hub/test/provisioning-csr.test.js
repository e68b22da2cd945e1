import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RegistrationClient } from './support/registration.js';

const hub = new TestHub({ https: true });

const registrationId = 'csr-device';

/** The key of a device, for these tests only; OpenSSL created the requests below for it. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAyRF5vcdBp6ZwbfO3k
hD+4pWSvFvB92C754W2kXKC0xRmxg9TWAt9Kuu1VZTAacLihZANiAAQ43lgrk1gs
K3nJ16CnwqsmDvTOvdknh6fL1wWpgfVGwQKgi9/uJul4lF8+OftlBqlJkhC5io+w
WldzkEGfaZ+vWpIndS6k9G0mbhu1cNPb9IMgsJGh3Wmxp9Y5jOx1AYc=
-----END PRIVATE KEY-----
`;
const CSR =
  'MIIBDDCBlAIBADAVMRMwEQYDVQQDDApjc3ItZGV2aWNlMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEON5YK5NYLCt5yde' +
  'gp8KrJg70zr3ZJ4eny9cFqYH1RsECoIvf7ibpeJRfPjn7ZQapSZIQuYqPsFpXc5BBn2mfr1qSJ3UupPRtJm4btXDT2/' +
  'SDILCRod1psafWOYzsdQGHoAAwCgYIKoZIzj0EAwMDZwAwZAIwZorTmw+xkNjXZmS2RPNoaIDik/hfFLiqL2PZiCwdr' +
  'VDQOGJE6OEqVurKN/IlEg5uAjA91j8u3AlaNZfNyv7ru1mWzFrOBj/kQq7n/+aXq7vMRUheScmjW5J/5JEgnK8nbuA=';
const WITH_SHA256 =
  'MIIBDDCBlAIBADAVMRMwEQYDVQQDDApjc3ItZGV2aWNlMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEON5YK5NYLCt5yde' +
  'gp8KrJg70zr3ZJ4eny9cFqYH1RsECoIvf7ibpeJRfPjn7ZQapSZIQuYqPsFpXc5BBn2mfr1qSJ3UupPRtJm4btXDT2/' +
  'SDILCRod1psafWOYzsdQGHoAAwCgYIKoZIzj0EAwIDZwAwZAIwHVo3cVtF/tCTNO4tl8EK/ORrsSql6Wkph8ZUaeqnT' +
  'gosZMW4gcGb2RPOaS0Jr1X+AjA+2gYvaDJwCWE1vQoHflwEDLiAukoHlJ4l3SmcITTAsD56knA5sR/2tXrR7t4FNFk=';
const ON_P256 =
  'MIHOMHcCAQAwFTETMBEGA1UEAwwKY3NyLWRldmljZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAEJdq2ACJBhvTN' +
  '8EY7owPruEdSXSee1o4Kzwfui18L5gzjxI1ag7HrWv4owm+Ja7DW+YoqdzXPwGp8nkaoQJ0mgADAKBggqhkjOPQQDAg' +
  'NHADBEAiB8izIt8YgxW7MrDVe6zHhOPfPCSm+Efr2Wa8S8jH0wtwIgIPPaI9pHPPvoh4h1iLbgq1poFAazb46yLKCWd' +
  'U/jJfA=';

/** A request with a different signature, which is at its end. */
const forged = () => {
  const der = Buffer.from(CSR, 'base64');
  der[der.length - 1] ^= 1;
  return der.toString('base64');
};

/** A client of an enrollment with a symmetric key. */
async function connect(id, apiVersion = '2026-11-01') {
  const path = `/enrollments/${id}`;
  const attestation = { type: 'symmetricKey' };
  const enrollment = await hub.call('PUT', path, { attestation });
  assert.ok(enrollment.status < 300 || enrollment.status === 409);
  const { symmetricKey } = await hub.json('POST', `${path}/attestationmechanism`);
  const { primaryKey: key } = symmetricKey;
  return RegistrationClient.connect(hub, { registrationId: id, key, apiVersion });
}

test("a registration with a csr returns a certificate for its key, which the device's hub accepts", async () => {
  const client = await connect(registrationId);
  const { body } = await client.register({ csr: CSR });
  await client.end();
  const { issuedCertificateChain, deviceId } = body.registrationState;
  const [leaf, issuer] = issuedCertificateChain.map(
    (base64) => new X509Certificate(Buffer.from(base64, 'base64')),
  );
  assert.equal(issuer.toString(), new X509Certificate(hub.started.ca).toString());
  assert.ok(leaf.verify(issuer.publicKey));
  assert.equal(leaf.subject, `CN=${registrationId}`);
  const publicKey = createPublicKey(createPrivateKey(KEY)).export({ format: 'pem', type: 'spki' });
  assert.equal(leaf.publicKey.export({ format: 'pem', type: 'spki' }), publicKey);

  const { hostname, started } = hub;
  const secure = { hostname, endpoint: started.secureEndpoint };
  const options = { cert: leaf.toString(), key: KEY, ca: started.ca };
  const device = await MqttClient.connect(secure, { deviceId }, options);
  await device.end();
});

for (const [what, csr, reason] of [
  ['that is signed with SHA-256', WITH_SHA256, /not signed with SHA-384/],
  ['for a key on P-256', ON_P256, /key is not on P-384/],
  ['with a wrong signature', forged(), /signature is wrong/],
  ['that is no PKCS #10', 'AAAA', /not PKCS #10/],
  ['with the lines of PEM', '-----BEGIN CERTIFICATE REQUEST-----', /not base64 of DER/],
]) {
  test(`a csr ${what} is refused`, async () => {
    const client = await connect(registrationId);
    const { status, body } = await client.request({ csr });
    assert.equal(status, 400);
    assert.match(body.message, reason);
    await client.end();
  });
}

test('a csr for another registration id is refused', async () => {
  const client = await connect('another');
  const { body } = await client.request({ csr: CSR });
  assert.match(body.message, /common name is not "another"/);
  await client.end();
});

test('a csr requires an api-version that supports it', async () => {
  const client = await connect(registrationId, '2019-03-31');
  const { status, body } = await client.request({ csr: CSR });
  assert.equal(status, 400);
  assert.match(body.message, /requires api-version/);
  await client.end();
});
