import { createPublicKey, verify } from 'node:crypto';
import forge from 'node-forge';
import { HubError } from '../errors.js';

// The package's types lack some of these.
const { asn1, pki } = /** @type {any} */ (forge);
/** The contents of a bit string are not parsed. */
const DER = { decodeBitStrings: false };
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA384 = '1.2.840.10045.4.3.3';
/** The hub's limit for the renewal of such certificates. */
const MAX_BYTES = 8 * 1024;

/**
 * Reads a certificate signing request as the service accepts it: PKCS #10 in DER as base64, with a
 * key on P-384, signed with SHA-384, whose common name is the registration id.
 * @param {unknown} csr
 * @param {string} registrationId
 * @returns {forge.asn1.Asn1} the public key, SubjectPublicKeyInfo
 */
export function readCertificateRequest(csr, registrationId) {
  if (typeof csr !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(csr)) {
    throw refusal('it is not base64 of DER; the lines of PEM are not allowed');
  }
  const der = Buffer.from(csr, 'base64');
  if (der.length > MAX_BYTES) throw refusal(`it has more than ${MAX_BYTES} bytes`);
  const { info, subject, publicKey, algorithm, signature } = parse(der);
  if (commonNameOf(subject) !== registrationId) {
    throw refusal(`its common name is not "${registrationId}"`);
  }
  const key = createPublicKey({ key: bytesOf(publicKey), format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'secp384r1')
    throw refusal('its key is not on P-384');
  if (algorithm !== ECDSA_WITH_SHA384) throw refusal('it is not signed with SHA-384');
  if (!verify('sha384', bytesOf(info), key, signature)) throw refusal('its signature is wrong');
  return publicKey;
}

const refusal = (reason) =>
  new HubError('ArgumentInvalid', `The certificate signing request is refused: ${reason}.`);

/** CertificationRequest of RFC 2986. */
function parse(der) {
  try {
    const [info, { value: algorithm }, signature] = sequence(
      asn1.fromDer(der.toString('binary'), DER),
    );
    const [, subject, publicKey] = sequence(info);
    return {
      info,
      subject,
      publicKey,
      algorithm: asn1.derToOid(algorithm[0].value),
      // A bit string begins with the number of unused bits in its last byte.
      signature: Buffer.from(signature.value.slice(1), 'binary'),
    };
  } catch {
    throw refusal('it is not PKCS #10 in DER');
  }
}

/** @returns {any[]} */
const sequence = ({ value }) => value;

const bytesOf = (element) => Buffer.from(asn1.toDer(element).getBytes(), 'binary');

const commonNameOf = (subject) =>
  pki.RDNAttributesAsArray(subject).find(({ type }) => type === COMMON_NAME)?.value;
