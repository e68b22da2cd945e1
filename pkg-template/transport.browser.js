// Sockets and requests of pages and workers, where the browser decides about everything except the
// URL.
import { bounded } from './request.js';
import { X509, pemOf } from './x509.js';

const notInBrowsers = {
  serverVerificationCert:
    'a page cannot choose which authorities to trust: add the certificate to the store of the browser or of ' +
    'the operating system',
  cipher: 'a page cannot choose ciphers, the browser does: leave the option out',
  proxy: 'a page cannot choose a proxy: set it in the browser or the operating system',
};

/**
 * Rejects options that a page cannot support; nothing else needs settings.
 * @param {Record<string, unknown>} options
 * @returns {undefined}
 */
export function createTransport({ x509, ...options }) {
  for (const [name, reason] of Object.entries(notInBrowsers)) {
    if (options[name] !== undefined) {
      throw new TypeError(`the option ${name} works in Node.js only: ${reason}`);
    }
  }
  if (x509 !== undefined && !(x509 instanceof X509)) {
    throw new TypeError('the certificate must be X509.platform()');
  }
  if (x509 && pemOf(x509)) {
    throw new TypeError(
      'a page cannot choose a certificate: install it in the store of the browser or of the ' +
        'operating system and pass X509.platform()',
    );
  }
}

export function openSocket(url) {
  return new WebSocket(url, 'mqtt');
}

export function abortSocket(socket) {
  socket.close();
}

/**
 * @param {string} url
 * @param {import('./request.js').RequestOptions} options
 */
export function request(url, options) {
  return bounded(options, (signal) => send(url, options, signal));
}

/**
 * @param {string} url
 * @param {import('./request.js').RequestOptions} options
 * @param {AbortSignal} signal
 */
async function send(url, { method, headers, body }, signal) {
  // Neither cookies nor a redirect may take a token where it does not belong.
  /** @type {RequestInit} */
  const rules = { credentials: 'omit', redirect: 'error', cache: 'no-store' };
  try {
    const response = await fetch(url, { method, headers, body, signal, ...rules });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    // Its own message may repeat a header, and so a token; its cause comes from the network.
    throw error.cause ?? new Error('the platform does not say why');
  }
}
