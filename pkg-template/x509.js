const PLATFORM = Symbol('platform');

let pemOf;
let readFile;

/** A client certificate with its key. Its documentation is in `index.d.ts`. */
export class X509 {
  // Private, so that printing or copying the object never exposes the key.
  #pem;

  static {
    pemOf = (x509) => x509.#pem;
  }

  constructor(cert, key, passPhrase) {
    if (cert === PLATFORM) return;
    if (!/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(text(cert))) {
      throw new TypeError(
        'the cert of an X509 must be PEM text, with a line -----BEGIN CERTIFICATE----- in it',
      );
    }
    if (!/-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/.test(text(key))) {
      throw new TypeError(
        'the key of an X509 must be PEM text, with a line -----BEGIN PRIVATE KEY----- in it',
      );
    }
    if (passPhrase !== undefined && typeof passPhrase !== 'string') {
      throw new TypeError('the passPhrase of an X509 must be a string');
    }
    this.#pem = { cert, key, passphrase: passPhrase };
  }

  static fromFiles(certFile, keyFile, passPhrase) {
    if (!readFile) {
      throw new TypeError(
        'X509.fromFiles needs Node.js: a page cannot read files; there, X509.platform() leaves ' +
          "the choice of a certificate to the browser's own store",
      );
    }
    return new X509(readFile(certFile), readFile(keyFile), passPhrase);
  }

  static platform() {
    if (readFile) {
      throw new TypeError(
        'X509.platform() is for browsers: Node.js has no store of client certificates; use ' +
          'new X509(cert, key) or X509.fromFiles(certFile, keyFile)',
      );
    }
    return new X509(PLATFORM);
  }
}

/** Certificate, key and passphrase, or `undefined` if the platform chooses. */
export { pemOf };

/**
 * Declares that this is Node.js, and how it reads a text file. Pages never import `node:fs`.
 * @param {(file: string | URL) => string} reader
 */
export function readFilesWith(reader) {
  readFile = reader;
}

function text(value) {
  return typeof value === 'string' ? value : '';
}
