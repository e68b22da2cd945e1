import { constants } from 'node:crypto';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';

/**
 * What the hub reads from a client certificate.
 * `chain` is DER: the certificate, then the others up to its root, if the client sent them.
 * @typedef {{thumbprints: string[], commonName: string, isTrusted: boolean, expires: number,
 *            chain: Buffer[]}} ClientCertificate
 */

/** The path of the authority's certificate, for clients to trust. */
export const caFileOf = (directory) => join(directory, 'ca.pem');

/**
 * A TLS server like the service's: version 1.2, and no request for a client certificate before the
 * client has sent its HTTP request.
 * @param {{cert: string, key: string, ca: string}} identity PEM
 * @param {import('node:http').RequestListener} listener
 */
export function createTlsServer({ cert, key, ca }, listener) {
  /** @type {import('node:https').ServerOptions} */
  const options = {
    cert,
    key,
    ca,
    // Later versions have no renegotiation, and only a full renegotiation transfers a certificate.
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
 * Address of the client → the TCP socket below a TLS socket, which Node.js does not expose.
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

/** Socket → Promise of the result of its renegotiation. */
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

/** The last one is its own issuer, or has an unknown one. */
function chainOf(certificate, chain = []) {
  if (!certificate || chain.includes(certificate)) return chain;
  return chainOf(certificate.issuerCertificate, [...chain, certificate]);
}
