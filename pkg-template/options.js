// The options object of the factories.

/** What all factories take and some, in the order in which the core reads them. */
const coreOptions = {
  endpoint: 'string',
  websockets: 'boolean',
  productInfo: 'string',
  keepAlive: 'number',
  autoConnect: 'boolean',
  connectionRetry: 'boolean',
  connectionRetryInterval: 'number',
  connectionRetryMaxInterval: 'number',
  ensureDesiredProperties: 'boolean',
  operationTimeout: 'number',
  maxPendingMessages: 'number',
  acknowledgeMessages: 'string',
  sasTokenTtl: 'number',
  gatewayHostname: 'string',
};
const COMMON = 12;

const identity = { hostname: 'string', deviceId: 'string' };
const transportOptions = ['serverVerificationCert', 'cipher', 'proxy'];
const kinds = { string: 'a string', number: 'a number', boolean: 'true or false' };

/**
 * Checks names and types; the core checks values.
 * @param {object} [options]
 * @param {string[]} extras what this factory takes beside the options that all take
 * @returns {{ core: unknown[], transport: object, hostname?: string, deviceId?: string }}
 * @throws {TypeError} names the option
 */
export function readOptions(options = {}, extras) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError('the options must be an object');
  }
  const names = [...Object.keys(coreOptions).slice(0, COMMON), ...extras];
  const values = {};
  for (const name of names) {
    const type = coreOptions[name] ?? identity[name];
    const value = options[name];
    if (value !== undefined && typeof value !== type) {
      throw new TypeError(`the option ${name} must be ${kinds[type]}`);
    }
    values[name] = value;
  }
  names.push(...transportOptions, 'trace');
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `${unknown} is not an option here; the options are ${names.join(', ')}`,
    );
  }
  const { serverVerificationCert, cipher, proxy } = options;
  return {
    core: Object.keys(coreOptions).map((name) => values[name]),
    transport: { serverVerificationCert, cipher, proxy },
    hostname: values.hostname,
    deviceId: values.deviceId,
  };
}

/** @param {object} values by what they are called in the error */
export function mustBe(type, values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== type) throw new TypeError(`${name} must be a ${type}`);
  }
}
