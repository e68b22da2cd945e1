/** Test certificates, of unknown authorities. */
import { createPrivateKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

import forge from 'node-forge';

const HOUR = 60 * 60 * 1000;

/** A certificate authority. */
export async function createAuthority(name) {
  const issuer = await issue(name, [{ name: 'basicConstraints', cA: true, critical: true }]);
  return {
    pem: issuer.cert,
    /**
     * Certificate and key of `name`, valid for these host names and addresses, for an hour by
     * default; with a new key, or with a given one.
     */
    issue: (name, { dns = [], ip = [], ...more } = {}) => {
      const altNames = [
        ...dns.map((value) => ({ type: 2, value })),
        ...ip.map((value) => ({ type: 7, ip: value })),
      ];
      return issue(name, [{ name: 'subjectAltName', altNames }], issuer, more);
    },
  };
}

/** Without an issuer, the certificate is self-signed. */
async function issue(name, extensions, issuer, { seconds = 3600, key } = {}) {
  const privateKey = key ?? (await createKey());
  const subject = [{ name: 'commonName', value: name }];
  const certificate = forge.pki.createCertificate();
  const { n, e } = forge.pki.privateKeyFromPem(privateKey);
  certificate.publicKey = forge.pki.setRsaPublicKey(n, e);
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - HOUR);
  certificate.validity.notAfter = new Date(Date.now() + seconds * 1000);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer?.subject ?? subject);
  certificate.setExtensions(extensions);
  const signingKey = forge.pki.privateKeyFromPem(issuer?.key ?? privateKey);
  certificate.sign(signingKey, forge.md.sha256.create());
  return { subject, cert: forge.pki.certificateToPem(certificate), key: privateKey };
}

async function createKey() {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}

/** The same key, encrypted. */
export function encryptKey(key, passphrase) {
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' };
  return createPrivateKey(key).export({ ...format, passphrase });
}
