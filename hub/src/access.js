import { parseSasToken, whySasRefused } from './sas-token.js';

/**
 * Says why credentials do not open a device or module, or nothing when they do.
 * @param {import('./identity.js').Identity} identity
 * @param {{sas?: string, certificate?: import('./tls.js').ClientCertificate}} credentials
 * @param {{hostname: string, policies: import('./policies.js').Policies}} hub
 * @returns {string | undefined}
 */
export function whyNoAccess(identity, { sas, certificate }, { hostname, policies }) {
  if (!identity.usesSas) {
    if (sas) return `"${identity.id}" is opened by an X.509 certificate, not by a SAS token`;
    return whyCertificateRefused(identity, certificate);
  }
  return whySasRefused(parseSasToken(sas ?? ''), {
    host: hostname,
    path: identity.path,
    keys: [identity.primaryKey, identity.secondaryKey],
    policies,
    now: identity.now,
  });
}

function whyCertificateRefused(identity, certificate) {
  if (!certificate) {
    return 'no client certificate came: it takes TLS, and no iothub-no-client-cert in the URL';
  }
  if (certificate.expires <= identity.now) return 'the client certificate expired';
  if (identity.authenticationType === 'selfSigned') {
    const expected = Object.values(identity.thumbprints).filter(Boolean);
    return certificate.thumbprints.some((thumbprint) => expected.includes(thumbprint))
      ? undefined
      : 'the thumbprint of the client certificate is not the one of the identity';
  }
  if (!certificate.isTrusted) return 'the client certificate does not chain to the CA of the hub';
  return certificate.commonName === identity.id
    ? undefined
    : `the common name of the client certificate is not "${identity.id}"`;
}

/** A thumbprint as it is compared, whatever its separators and letters. */
export const normalizeThumbprint = (text) => text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
