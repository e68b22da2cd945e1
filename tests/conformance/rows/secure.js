// What rows need that go over TLS, or by certificate.

/** Makes Node.js trust the hub; the browser of these rows trusts everybody. */
export const trusting = (isBrowser, { info }) =>
  isBrowser ? {} : { serverVerificationCert: info.ca };

/** Host and port where a device finds the hub over TLS. */
export const gatewayOf = ({ secureEndpoint }) => new URL(secureEndpoint).host;

/** A device that is let in by a certificate, and that with its key. */
export async function createCertified({ createDevice, evidence }, type = 'certificateAuthority') {
  const device = await createDevice();
  const { cert, key, sha256Thumbprint } = await device.issueCertificate();
  for (const line of key.split('\n').slice(1, -2)) evidence.addSecret(line);
  await device.authenticateBy(
    type === 'selfSigned' ? { type, primaryThumbprint: sha256Thumbprint } : { type },
  );
  return { device, cert, key };
}
