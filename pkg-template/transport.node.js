// Sockets and requests of Node.js. WebSockets come from npm `ws`, which supports what the global
// one does not: certificates, ciphers and proxies.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import WebSocket from 'ws';
import { ProxyAgent } from './proxy.node.js';
import { bounded } from './request.js';
import { X509, pemOf, readFilesWith } from './x509.js';

readFilesWith((file) => {
  // A number would be an open file, such as the standard input.
  if (typeof file !== 'string' && !(file instanceof URL)) {
    throw new TypeError('X509.fromFiles takes the paths of two PEM files');
  }
  return readFileSync(file, 'utf8');
});

/** How a client connects; its fields are private to this module. */
class Transport {
  #secureContext;
  #agent;
  #expires;

  constructor(secureContext, agent, expires) {
    this.#secureContext = secureContext;
    this.#agent = agent;
    this.#expires = expires;
  }

  /** Whether the client's certificate has expired, by the clock of this machine. */
  get isExpired() {
    return Date.now() > this.#expires;
  }

  /** The options to connect to `url` with; `tunnelSignal` ends the attempt. */
  connectionOptions(url, tunnelSignal) {
    const hostname = new URL(url).hostname.replace(/^\[|\]$/g, '');
    return {
      agent: this.#agent,
      secureContext: this.#secureContext,
      // NODE_TLS_REJECT_UNAUTHORIZED must not turn this off: a token is about to be sent.
      rejectUnauthorized: true,
      // Behind a proxy, Node.js would compare the certificate of an IP address with `localhost`.
      checkServerIdentity: (_, certificate) => checkServerIdentity(hostname, certificate),
      tunnelSignal,
    };
  }
}

/**
 * Checks the connection options of a client.
 * @param {Record<string, unknown>} options
 * @returns {Transport}
 * @throws {TypeError} names the option
 */
export function createTransport({ serverVerificationCert, cipher, proxy, x509 }) {
  const tls = {
    ...(serverVerificationCert !== undefined && { ca: readAuthorities(serverVerificationCert) }),
    ...(cipher !== undefined && readCiphers(cipher)),
    ...(x509 !== undefined && readCertificate(x509)),
  };
  const agent = proxy === undefined ? undefined : new ProxyAgent(proxy);
  const secureContext = Object.keys(tls).length > 0 ? createSecureContext(tls) : undefined;
  const expires = tls.cert && Date.parse(new X509Certificate(tls.cert).validTo);
  return new Transport(secureContext, agent, expires);
}

class Socket extends WebSocket {
  /** npm `ws` may read the bytes later, when the memory of WebAssembly has changed. */
  send(bytes) {
    try {
      // A copy in the buffer pool of Node.js costs a fraction of a separate one.
      super.send(Buffer.from(bytes));
    } catch (error) {
      // For example, a bundler has replaced an optional dependency of `ws` with an empty module.
      this.emit('error', error);
      this.terminate();
    }
  }
}

/**
 * The certificate that the provisioning service has issued.
 * @param {any} result of the registration
 * @param {string | undefined} key of the certificate, as PEM text
 */
export function issuedX509({ registrationState }, key) {
  const pem = registrationState.issuedCertificateChain.map(
    (base64) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  );
  return new X509(pem.join(''), key);
}

/**
 * @param {string} url
 * @param {Transport} transport
 */
export function openSocket(url, transport) {
  const tunnel = new AbortController();
  const socket = new Socket(url, 'mqtt', {
    // Compressing small packets costs more than it saves.
    perMessageDeflate: false,
    ...transport.connectionOptions(url, tunnel.signal),
  });
  // An error event that nobody listens to ends the process, and one may come after an abort.
  socket.on('error', sayWhatToTrust);
  tunnels.set(socket, tunnel);
  return socket;
}

/** Ends the tunnel that a socket may still be waiting for, which npm `ws` does not know about. */
const tunnels = new WeakMap();

export function abortSocket(socket) {
  socket.terminate();
  tunnels.get(socket).abort();
}

/**
 * @param {string} url
 * @param {import('./request.js').RequestOptions} options
 * @param {Transport} transport
 */
export function request(url, options, transport) {
  return bounded(options, (signal) => send(url, options, signal, transport));
}

/**
 * @param {string} url
 * @param {import('./request.js').RequestOptions} options
 * @param {AbortSignal} signal
 * @param {Transport} transport
 */
async function send(url, { method, headers, body }, signal, transport) {
  const { request: start } = url.startsWith('https:') ? https : http;
  const { agent = false, ...connection } = transport.connectionOptions(url, signal);
  const response = await new Promise((resolve, reject) => {
    start(url, { method, headers, signal, agent, ...connection })
      .on('response', resolve)
      .on('error', (error) => reject(sayWhatToTrust(error)))
      .end(body);
  });
  return { status: response.statusCode, body: await text(response) };
}

/** OpenSSL's error codes for a certificate whose authority Node.js does not know. */
const NOT_TRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Adds advice to the error of a connection. */
function sayWhatToTrust(error) {
  if (NOT_TRUSTED.has(error.code)) {
    error.message +=
      '; if your own authority issued it, pass the certificate of the authority in the option ' +
      'serverVerificationCert, or to Node.js in NODE_EXTRA_CA_CERTS';
  }
  return error;
}

function readAuthorities(option) {
  const blocks = typeof option === 'string' ? option.match(CERTIFICATE) : null;
  try {
    if (!blocks) throw new TypeError();
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch {
    throw new TypeError(
      'the option serverVerificationCert must be the PEM text of one or more certificates',
    );
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readCiphers(option) {
  const names = Array.isArray(option) ? option : [option];
  try {
    if (names.length === 0 || names.some((name) => !name || typeof name !== 'string')) {
      throw new TypeError('not a list');
    }
    const ciphers = names.join(':');
    // OpenSSL would still offer all ciphers of TLS 1.3 if the list has none of them.
    /** @type {import('node:tls').SecureContextOptions} */
    const settings = { ciphers, ...(!/\bTLS_/.test(ciphers) && { maxVersion: 'TLSv1.2' }) };
    createSecureContext(settings);
    return settings;
  } catch {
    throw new TypeError(
      'the option cipher must be a list of ciphers in the form of OpenSSL, or an array of ' +
        'their names, with at least one that Node.js knows: see tls.getCiphers()',
    );
  }
}

function readCertificate(x509) {
  if (!(x509 instanceof X509)) {
    throw new TypeError('the certificate must be new X509(cert, key) or X509.fromFiles(...)');
  }
  const pem = pemOf(x509);
  try {
    createSecureContext(pem);
    return pem;
  } catch (error) {
    throw new TypeError(
      'certificate, key and pass phrase of the X509 do not match, or are damaged ' +
        `(${error.message})`,
    );
  }
}
