// What the four factories of the class do, on any platform.
import { checkOptions, forCore, mustBe } from './options.js';
import { Shell } from './shell.js';
import { tracingHost } from './trace.js';

export function fromConnectionString(host, connectionString, options) {
  mustBe('string', { 'the connection string': connectionString });
  // A token that is given is not made.
  const hasToken = /(^\s*|;)SharedAccessSignature=/.test(connectionString);
  const given = checkOptions(options, hasToken ? [] : ['sasTokenTtl']);
  return createShell(host, { ...given, connectionString });
}

export function fromSasToken(host, token, options) {
  if (typeof token !== 'function') {
    mustBe('string', { 'the SAS token': token });
    return createShell(host, { ...checkOptions(options, ['gatewayHostname']), sasToken: token });
  }
  const given = checkOptions(options, ['gatewayHostname', 'hostname', 'deviceId']);
  if (given.hostname === undefined || given.deviceId === undefined) {
    throw new TypeError(
      'with a function that gives tokens, the options need hostname and deviceId',
    );
  }
  return createShell(host, given, token);
}

export function fromSymmetricKey(host, key, hostname, deviceId, options) {
  mustBe('string', {
    'the shared access key': key,
    'the hostname': hostname,
    'the device id': deviceId,
  });
  const given = checkOptions(options, ['sasTokenTtl', 'gatewayHostname']);
  return createShell(host, { ...given, key, hostname, deviceId });
}

export function fromX509Certificate(host, x509, hostname, deviceId, options) {
  mustBe('string', { 'the hostname': hostname, 'the device id': deviceId });
  const given = checkOptions(options, ['gatewayHostname']);
  // Undefined stands for an option that is not set; a certificate has to be there.
  return createShell(host, { ...given, x509: x509 ?? null, hostname, deviceId });
}

function createShell(host, given, tokenFunction) {
  const { serverVerificationCert, cipher, proxy, x509, trace } = given;
  if (trace !== undefined) mustBe('function', { trace });
  const core = new host.ClientHandle(host, forCore({ ...given, platform: host.platform }));
  const transport = host.createTransport({ serverVerificationCert, cipher, proxy, x509 });
  return new Shell(trace ? tracingHost(host, trace) : host, core, transport, tokenFunction);
}
