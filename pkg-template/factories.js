// What the four factories of the class do, on any platform.
import { mustBe, readOptions } from './options.js';
import { Shell } from './shell.js';
import { tracingHost } from './trace.js';

export function fromConnectionString(host, connectionString, options) {
  mustBe('string', { 'the connection string': connectionString });
  // A token that is given is not made.
  const hasToken = /(^\s*|;)SharedAccessSignature=/.test(connectionString);
  return createShell(host, options, hasToken ? [] : ['sasTokenTtl'], ({ core }) =>
    host.ClientHandle.fromConnectionString(connectionString, core, host),
  );
}

export function fromSasToken(host, token, options) {
  const extras = ['gatewayHostname'];
  if (typeof token !== 'function') {
    mustBe('string', { 'the SAS token': token });
    return createShell(host, options, extras, ({ core }) =>
      host.ClientHandle.fromSasToken(token, core, host),
    );
  }
  const make = ({ core, hostname, deviceId }) => {
    if (hostname === undefined || deviceId === undefined) {
      throw new TypeError(
        'with a function that gives tokens, the options need hostname and deviceId',
      );
    }
    return host.ClientHandle.fromTokenFunction(hostname, deviceId, core, host);
  };
  return createShell(host, options, [...extras, 'hostname', 'deviceId'], make, { token });
}

export function fromSymmetricKey(host, key, hostname, deviceId, options) {
  mustBe('string', {
    'the shared access key': key,
    'the hostname': hostname,
    'the device id': deviceId,
  });
  return createShell(host, options, ['sasTokenTtl', 'gatewayHostname'], ({ core }) =>
    host.ClientHandle.fromSymmetricKey(key, hostname, deviceId, core, host),
  );
}

export function fromX509Certificate(host, x509, hostname, deviceId, options) {
  mustBe('string', { 'the hostname': hostname, 'the device id': deviceId });
  const make = ({ core }) =>
    host.ClientHandle.fromX509Certificate(hostname, deviceId, core, host);
  // Undefined stands for an option that is not set; a certificate has to be there.
  return createShell(host, options, ['gatewayHostname'], make, { x509: x509 ?? null });
}

/** `token` is a function that gives tokens. */
function createShell(host, options, extras, createHandle, { token, x509 } = {}) {
  const given = readOptions(options, extras);
  const trace = options?.trace;
  if (trace !== undefined) mustBe('function', { trace });
  const handle = createHandle(given);
  const transport = host.createTransport({ ...given.transport, x509 });
  return new Shell(trace ? tracingHost(host, trace) : host, handle, transport, token);
}
