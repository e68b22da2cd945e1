import { X509Certificate } from 'node:crypto';
import { HubError } from '../errors.js';

/** Certificates of an enrollment, in the format of the service's API. */
const KINDS = { registrationId: 'clientCertificates', enrollmentGroupId: 'signingCertificates' };

/**
 * The X.509 attestation with the data of its certificates.
 * @param {Record<string, any> | null | undefined} x509
 * @param {'registrationId' | 'enrollmentGroupId'} idName of the enrollment
 */
export function completeCertificates(x509, idName) {
  const kind = KINDS[idName];
  const { primary, secondary } = x509?.[kind] ?? {};
  if (!primary?.certificate) {
    const reason = `x509.${kind}.primary.certificate is missing; the local hub supports no other kinds.`;
    throw new HubError('ArgumentInvalid', reason);
  }
  const described = {
    primary: describe(primary),
    ...(secondary && { secondary: describe(secondary) }),
  };
  return { [kind]: described };
}

/** The certificates of an attestation: one or two. */
export const certificatesOf = ({ clientCertificates, signingCertificates }) =>
  Object.values(clientCertificates ?? signingCertificates).map(({ certificate }) =>
    parse(certificate),
  );

/** @param {{certificate: string}} given PEM, or the base64 in it */
function describe({ certificate }) {
  const parsed = parse(certificate);
  return {
    certificate: parsed.raw.toString('base64'),
    info: {
      subjectName: oneLine(parsed.subject),
      sha1Thumbprint: thumbprintOf(parsed),
      sha256Thumbprint: bare(parsed.fingerprint256),
      issuerName: oneLine(parsed.issuer),
      notBeforeUtc: new Date(parsed.validFrom).toISOString(),
      notAfterUtc: new Date(parsed.validTo).toISOString(),
      serialNumber: parsed.serialNumber,
      version: 3,
    },
  };
}

function parse(text) {
  // Clients send PEM with and without its first and last line, and the base64 of PEM.
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  const pem = decoded.includes('-----BEGIN') ? decoded : text;
  const base64 = pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    throw new HubError(
      'ArgumentInvalid',
      'A certificate of the attestation is not an X.509 certificate.',
    );
  }
}

const oneLine = (name) => name.split('\n').join(', ');

/** SHA-1, as in the hub's registry. */
export const thumbprintOf = ({ fingerprint }) => bare(fingerprint);

const bare = (text) => text.replaceAll(':', '');

/**
 * Whether an authority issued the first certificate of the chain, directly or through the others.
 * @param {Buffer[]} chain DER: the client's certificate, and the others that the client sent
 * @param {X509Certificate[]} authorities
 */
export function isIssuedBy(chain, authorities) {
  const [leaf, ...others] = chain.map((raw) => new X509Certificate(raw));
  return authorities.some((authority) => leadsTo(leaf, others, authority));
}

function leadsTo(certificate, others, authority) {
  if (isSignedBy(certificate, authority)) return true;
  const issuer = others.find((other) => isSignedBy(certificate, other));
  if (!issuer) return false;
  return leadsTo(
    issuer,
    others.filter((other) => other !== issuer),
    authority,
  );
}

const isSignedBy = (certificate, issuer) =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
