// Tools for rows that use TLS or certificates.

/** Makes Node.js trust the hub; the browser of these rows trusts every certificate. */
export const trusting = (isBrowser, { info }) =>
  isBrowser ? {} : { serverVerificationCert: info.ca };

/** Host and port of the hub for TLS. */
export const gatewayOf = ({ secureEndpoint }) => new URL(secureEndpoint).host;

/** A device that authenticates with a certificate, and the certificate with its key. */
export async function createCertified({ createDevice, evidence }, type = 'certificateAuthority') {
  const device = await createDevice();
  const { cert, key, sha256Thumbprint } = await device.issueCertificate();
  for (const line of key.split('\n').slice(1, -2)) evidence.addSecret(line);
  await device.authenticateBy(
    type === 'selfSigned' ? { type, primaryThumbprint: sha256Thumbprint } : { type },
  );
  return { device, cert, key };
}
