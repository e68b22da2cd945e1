import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { readCertificateRequest } from './provisioning/certificate-request.js';
import { writeWhole } from './store.js';
import { caFileOf } from './tls.js';

const DAY = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
/** Clients refuse server certificates that last much longer. */
const LEAF_DAYS = 365;
/** The service issues certificates to devices for 7 to 90 days. */
const REQUESTED_DAYS = 30;
/** The index of subjectPublicKeyInfo in TBSCertificate (RFC 5280), after the version. */
const PUBLIC_KEY_IN_TBS = 6;
const CA_NAME = 'iothub-local CA';
const DNS = 2;
const IP = 7;

/**
 * A certificate with its key, PEM, and its thumbprints.
 * @typedef {{cert: string, key: string, sha1Thumbprint: string, sha256Thumbprint: string}} Issued
 */

/** The local certificate authority, which issues certificates to the hub and to devices. */
export class CertificateAuthority {
  #issuer;

  /** @param {{cert: string, key: string}} issuer PEM */
  constructor(issuer) {
    /** PEM, for clients to trust. */
    this.cert = issuer.cert;
    this.#issuer = issuer;
  }

  /**
   * Loads the authority from a directory, or creates one and stores it there. Without a directory,
   * creates one.
   * @param {string} [directory]
   */
  static async open(directory) {
    if (directory === undefined) return new CertificateAuthority(await createAuthority());
    const certFile = caFileOf(directory);
    const keyFile = join(directory, 'ca.key.pem');
    try {
      const [cert, key] = await Promise.all([certFile, keyFile].map((f) => readFile(f, 'utf8')));
      return new CertificateAuthority({ cert, key });
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    const { cert, key } = await createAuthority();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(keyFile, key, { mode: 0o600 });
    await writeWhole(certFile, cert);
    return new CertificateAuthority({ cert, key });
  }

  /**
   * @param {string} commonName `{device}`, or for a module `{device}/{module}`
   * @returns {Promise<Issued>}
   */
  issueForClient(commonName) {
    return issue({ commonName, issuer: this.#issuer, extensions: CLIENT });
  }

  /**
   * Issues a certificate that the authority did not sign.
   * @param {string} commonName
   * @returns {Promise<Issued>}
   */
  issueSelfSigned(commonName) {
    return issue({ commonName, extensions: CLIENT });
  }

  /**
   * Reads a certificate signing request: the public key for `issueForKey`.
   * @param {unknown} csr
   * @param {string} registrationId
   */
  readRequest(csr, registrationId) {
    return readCertificateRequest(csr, registrationId);
  }

  /**
   * Issues a certificate for a key of any kind, whose private part stays with the client.
   * @param {string} commonName
   * @param {forge.asn1.Asn1} publicKey SubjectPublicKeyInfo
   * @returns {string[]} the chain, from the new certificate up, as base64 of DER
   */
  issueForKey(commonName, publicKey) {
    const issuerCert = forge.pki.certificateFromPem(this.#issuer.cert);
    const signingKey = forge.pki.privateKeyFromPem(this.#issuer.key);
    // forge supports only RSA keys: create a certificate for one, replace its key, and sign it
    // again.
    const days = REQUESTED_DAYS;
    const rsaKey = issuerCert.publicKey;
    const wanted = { commonName, days, publicKey: rsaKey, issuerCert, extensions: CLIENT };
    const certificate = /** @type {any} */ (prepare(wanted));
    certificate.sign(signingKey, forge.md.sha256.create());
    certificate.tbsCertificate.value[PUBLIC_KEY_IN_TBS] = publicKey;
    const digest = forge.md.sha256.create();
    digest.update(forge.asn1.toDer(certificate.tbsCertificate).getBytes());
    certificate.signature = signingKey.sign(digest);
    return [certificate, issuerCert].map(base64Of);
  }

  /**
   * @param {string} host another address of this machine
   * @returns {Promise<Issued>} for a server on this machine
   */
  issueForServer(host) {
    const extensions = serverAt(host);
    return issue({ commonName: 'localhost', issuer: this.#issuer, extensions });
  }
}

const createAuthority = () => issue({ commonName: CA_NAME, days: CA_DAYS, extensions: AUTHORITY });

const AUTHORITY = [
  { name: 'basicConstraints', critical: true, cA: true },
  { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
];

const leaf = (purpose) => [
  { name: 'basicConstraints', critical: true, cA: false },
  { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
  { name: 'extKeyUsage', ...purpose },
];

const CLIENT = leaf({ clientAuth: true });

function serverAt(host) {
  const hosts = new Set(['localhost', '127.0.0.1', '::1', host]);
  const altNames = [...hosts].map((name) =>
    isIP(name) ? { type: IP, ip: name } : { type: DNS, value: name },
  );
  return [...leaf({ serverAuth: true }), { name: 'subjectAltName', altNames }];
}

/**
 * Creates a key and a certificate for it; without an issuer, the certificate is self-signed.
 * @param {{commonName: string, days?: number, issuer?: {cert: string, key: string},
 *          extensions: object[]}} wanted
 * @returns {Promise<Issued>}
 */
async function issue({ commonName, days = LEAF_DAYS, issuer, extensions }) {
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = prepare({
    commonName,
    days,
    publicKey: forge.pki.publicKeyFromPem(keys.publicKey),
    issuerCert: issuer && forge.pki.certificateFromPem(issuer.cert),
    extensions: [...extensions, { name: 'subjectKeyIdentifier' }],
  });
  const signingKey = forge.pki.privateKeyFromPem(issuer?.key ?? keys.privateKey);
  certificate.sign(signingKey, forge.md.sha256.create());
  return describe(forge.pki.certificateToPem(certificate), keys.privateKey);
}

/** Prepares a certificate without its signature. */
function prepare({ commonName, days, publicKey, issuerCert, extensions }) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A serial number must not be negative.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - DAY);
  certificate.validity.notAfter = new Date(Date.now() + days * DAY);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer((issuerCert ?? certificate).subject.attributes);
  certificate.setExtensions([
    ...extensions,
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: (issuerCert ?? certificate).generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  return certificate;
}

const base64Of = (certificate) =>
  forge.util.encode64(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes());

function describe(pem, key) {
  const cert = pem.replaceAll('\r', '');
  const { fingerprint, fingerprint256 } = new X509Certificate(cert);
  return {
    cert,
    key,
    sha1Thumbprint: fingerprint.replaceAll(':', ''),
    sha256Thumbprint: fingerprint256.replaceAll(':', ''),
  };
}
