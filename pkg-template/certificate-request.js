// The entry for Node.js, Deno and Bun: PKCS #10 (RFC 2986) in DER, for the only kind of key and
// signature that the service accepts.
import { Buffer } from 'node:buffer';
import { generateKeyPairSync, sign } from 'node:crypto';

const VERSION_0 = Buffer.from('020100', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex'); // 2.5.4.3
const ECDSA_WITH_SHA384 = Buffer.from('06082a8648ce3d040303', 'hex'); // 1.2.840.10045.4.3.3
const NO_ATTRIBUTES = Buffer.from('a000', 'hex');

/** Creates a key, which stays in this process, and the request for its certificate. */
export function certificateRequest(registrationId) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const name = sequence(COMMON_NAME, der(0x0c, Buffer.from(registrationId)));
  const info = sequence(
    VERSION_0,
    sequence(der(0x31, name)),
    publicKey.export({ type: 'spki', format: 'der' }),
    NO_ATTRIBUTES,
  );
  // A bit string begins with the number of unused bits in its last byte.
  const signature = der(0x03, Buffer.of(0), sign('sha384', info, privateKey));
  const request = sequence(info, sequence(ECDSA_WITH_SHA384), signature);
  return {
    csr: request.toString('base64'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

const sequence = (...parts) => der(0x30, ...parts);

/**
 * An element of DER (X.690, section 8.1).
 * @param {number} tag
 * @param {Buffer[]} parts of its content, at most 65535 bytes
 */
function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = [length >> 8, length & 0xff];
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, ...size];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
}
