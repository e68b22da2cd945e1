import { constants } from 'node:crypto';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';

/**
 * What the hub looks at in a client certificate.
 * `chain` is DER: the certificate, then those that lead from it to its root, where they came.
 * @typedef {{thumbprints: string[], commonName: string, isTrusted: boolean, expires: number,
 *            chain: Buffer[]}} ClientCertificate
 */

/**
 * A TLS server like the service's: version 1.2, and no client certificate asked for before a client
 * has said what it wants.
 * @param {{cert: string, key: string, ca: string}} identity PEM
 * @param {import('node:http').RequestListener} listener
 */
export function createTlsServer({ cert, key, ca }, listener) {
  /** @type {import('node:https').ServerOptions} */
  const options = {
    cert,
    key,
    ca,
    // Later versions have no renegotiation, and it has to be a full one to bring a certificate.
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION,
  };
  const server = createServer(options, listener);
  server.on('connection', (/** @type {import('node:net').Socket} */ socket) => {
    const address = addressOf(socket);
    underneath.set(address, socket);
    socket.once('close', () => underneath.delete(address));
  });
  return server;
}

/**
 * Address of the client → the TCP socket below a TLS socket, which Node.js does not tell.
 * @type {Map<string, import('node:net').Socket>}
 */
const underneath = new Map();

/** @param {import('node:net').Socket} socket */
const addressOf = ({ remoteAddress, remotePort, localPort }) =>
  `${remoteAddress} ${remotePort} ${localPort}`;

/**
 * Resets the TCP connection.
 * @param {import('node:net').Socket} socket TLS or not
 */
export function resetTcp(socket) {
  if (!(socket instanceof TLSSocket)) {
    socket.resetAndDestroy();
    return;
  }
  underneath.get(addressOf(socket))?.resetAndDestroy();
  socket.destroy();
}

/** Socket → promise of what a renegotiation brought. */
const requested = new WeakMap();

/**
 * Asks the client for a certificate, as the service does, in a renegotiation.
 * @param {import('node:net').Socket} socket
 * @returns {Promise<ClientCertificate | undefined>}
 */
export async function requestCertificate(socket) {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (!requested.has(socket)) requested.set(socket, renegotiate(socket));
  return requested.get(socket);
}

/** @param {TLSSocket} socket */
function renegotiate(socket) {
  return new Promise((resolve) => {
    socket.once('close', () => resolve(undefined));
    const options = { requestCert: true, rejectUnauthorized: false };
    socket.renegotiate(options, () => resolve(describe(socket)));
  });
}

function describe(socket) {
  const certificate = socket.getPeerCertificate(true) ?? {};
  const { raw, fingerprint, fingerprint256, subject, valid_to: end } = certificate;
  if (!raw) return undefined;
  return {
    thumbprints: [fingerprint, fingerprint256].map((text) => text.replaceAll(':', '')),
    commonName: subject.CN,
    isTrusted: socket.authorized,
    expires: Date.parse(end),
    chain: chainOf(certificate).map((each) => each.raw),
  };
}

/** The last one is its own issuer, or has none that is known. */
function chainOf(certificate, chain = []) {
  if (!certificate || chain.includes(certificate)) return chain;
  return chainOf(certificate.issuerCertificate, [...chain, certificate]);
}
