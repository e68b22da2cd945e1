// The options object of the factories.

/** Where and who the client is, in the order in which the core reads it. */
const identity = [
  'platform',
  'connectionString',
  'sasToken',
  'key',
  'x509',
  'hostname',
  'deviceId',
];

/** What all factories take, in the order in which the core reads it, and after it. */
const common = {
  endpoint: 'string',
  httpEndpoint: 'string',
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
};
/** What some take; the core reads the first two. */
const some = {
  sasTokenTtl: 'number',
  gatewayHostname: 'string',
  hostname: 'string',
  deviceId: 'string',
};
const transport = ['serverVerificationCert', 'cipher', 'proxy'];

const types = { ...common, ...some };
const order = [...identity, ...Object.keys(types).slice(0, -2)];
const kinds = { string: 'a string', number: 'a number', boolean: 'true or false' };

/**
 * Checks names and types; the core checks values.
 * @param {object} [options]
 * @param {string[]} extras those of `some` that this factory takes
 * @returns {object} the options that are set
 * @throws {TypeError} names the option
 */
export function checkOptions(options = {}, extras) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError('the options must be an object');
  }
  const names = [...Object.keys(common), ...extras, ...transport, 'trace'];
  const given = {};
  for (const name of names) {
    const value = options[name];
    const type = types[name];
    if (value === undefined) continue;
    if (type && typeof value !== type) {
      throw new TypeError(`the option ${name} must be ${kinds[type]}`);
    }
    given[name] = value;
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`${name} is not an option here; the options are ${names.join(', ')}`);
    }
  }
  return given;
}

/** What the core takes of who the client is and of its options. */
export function forCore(given) {
  return order.map((name) => given[name]);
}

/**
 * The `signal` among the options of a call.
 * @returns {AbortSignal | undefined}
 */
export function signalOf(options) {
  const signal = options?.signal;
  // One of another realm, such as that of a frame, is no instance of this realm's class.
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return signal;
}

/** @param {object} values by what they are called in the error */
export function mustBe(type, values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== type) throw new TypeError(`${name} must be a ${type}`);
  }
}
