import { createHmac } from 'node:crypto';
import { HubError } from '../errors.js';
import { parseSasToken, whySasRefused } from '../sas-token.js';
import { certificatesOf, isIssuedBy, thumbprintOf } from './certificates.js';
import { keyOf } from './registrations.js';

/**
 * A client's credentials: the password of CONNECT, or the certificate of the TLS handshake.
 * @typedef {{sas?: string, certificate?: import('../tls.js').ClientCertificate}} Credentials
 */

/**
 * The enrollment that accepts a client, and how its device authenticates at the hub, in the format
 * of the hub's registry.
 * @typedef {{enrollment: import('./enrollments.js').Enrollment, authentication: object}} Attested
 */

/**
 * Finds the enrollment that credentials belong to.
 * @param {import('./registrant.js').Registrant} registrant
 * @param {Credentials} credentials
 * @param {import('./service.js').ProvisioningService} service
 * @returns {Attested}
 */
export function attest(registrant, credentials, service) {
  const individual = service.enrollments.find(registrant.registrationId);
  if (individual) return attestOne(individual, registrant, credentials, service.idScope);
  const { all } = service.groups;
  const groups = all.filter(({ attestation: { type } }) => type === typeOf(credentials));
  if (groups.length === 0) {
    throw new HubError(
      'EnrollmentNotFound',
      `There is no enrollment for "${registrant.registrationId}", and no group that could contain it.`,
    );
  }
  let failure;
  for (const group of groups) {
    try {
      return attestOne(group, registrant, credentials, service.idScope);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** @returns {HubError | undefined} */
export function whyNotAttested(registrant, credentials, service) {
  try {
    attest(registrant, credentials, service);
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error;
    throw error;
  }
}

/** @param {Credentials} credentials */
const typeOf = ({ sas, certificate }) => (certificate && !sas ? 'x509' : 'symmetricKey');

/**
 * @param {import('./enrollments.js').Enrollment} enrollment
 * @param {import('./registrant.js').Registrant} registrant
 * @param {Credentials} credentials
 * @param {string} idScope
 * @returns {Attested}
 */
function attestOne(enrollment, registrant, { sas, certificate }, idScope) {
  const authentication =
    enrollment.attestation.type === 'x509'
      ? attestCertificate(enrollment, registrant, certificate)
      : attestToken(enrollment, registrant, sas, idScope);
  return { enrollment, authentication };
}

function attestToken(enrollment, registrant, sas, idScope) {
  const keys = keysOf(enrollment, registrant.registrationId);
  const token = parseSasToken(sas ?? '');
  const reason = whySasRefused(
    // Python's clients send no skn; the others send "registration".
    token && { ...token, skn: undefined },
    {
      host: idScope,
      path: ['registrations', registrant.registrationId],
      keys: Object.values(keys),
      policies: /** @type {any} */ ({}),
      rights: [],
      now: registrant.now,
    },
  );
  if (reason) throw new HubError('RegistrationUnauthorized', `Unauthorized: ${reason}.`);
  return { type: 'sas', symmetricKey: keys };
}

/**
 * The keys of the device, derived if it belongs to a group.
 * @param {import('./enrollments.js').Enrollment} enrollment
 * @param {string} registrationId
 */
function keysOf({ enrollmentGroupId, attestation }, registrationId) {
  const { primaryKey, secondaryKey } = attestation.symmetricKey;
  if (enrollmentGroupId === undefined) return { primaryKey, secondaryKey };
  return {
    primaryKey: deriveDeviceKey(primaryKey, registrationId),
    secondaryKey: deriveDeviceKey(secondaryKey, registrationId),
  };
}

const deriveDeviceKey = (groupKey, registrationId) =>
  createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');

/** The hub knows the device by the thumbprint of its certificate, as in the service. */
function attestCertificate(enrollment, registrant, certificate) {
  const reason = whyCertificateRefused(enrollment, registrant, certificate);
  if (reason) throw new HubError('RegistrationCertificateInvalid', `Unauthorized: ${reason}.`);
  const { enrollmentGroupId, attestation } = enrollment;
  const [primaryThumbprint, secondaryThumbprint = null] =
    enrollmentGroupId === undefined
      ? certificatesOf(attestation.x509).map(thumbprintOf)
      : certificate.thumbprints.slice(0, 1);
  return { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint } };
}

/** @returns {string | undefined} */
function whyCertificateRefused({ enrollmentGroupId, attestation }, registrant, certificate) {
  const { registrationId, now } = registrant;
  if (!certificate) {
    return 'the client sent no certificate: use TLS, and no iothub-no-client-cert in the URL';
  }
  if (keyOf(certificate.commonName ?? '') !== keyOf(registrationId)) {
    return `the common name of the client certificate is not "${registrationId}"`;
  }
  if (certificate.expires <= now) return 'the client certificate expired';
  const certificates = certificatesOf(attestation.x509);
  if (enrollmentGroupId !== undefined) {
    return isIssuedBy(certificate.chain, certificates)
      ? undefined
      : `the client certificate does not chain to a certificate of "${enrollmentGroupId}"`;
  }
  return certificates.some((each) => certificate.thumbprints.includes(thumbprintOf(each)))
    ? undefined
    : 'the client certificate is not one of the enrollment';
}
