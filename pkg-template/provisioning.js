// Registration with the Device Provisioning Service. The core decides what to request, and when.
import { mustBe, mustBeOwn, mustBeText, optionsOf, signalIn } from './arguments.js';
import { createShell } from './create-shell.js';
import { assertReady, host } from './host.js';
import { jsonOf } from './json.js';
import { Shell } from './shell.js';

const FACTORY = Symbol('factory');

/** `setTimeout` counts in 32 bits. */
const MAX_SECONDS = 2_147_483;

/** The options of a client that also apply to a registration. */
const OPTIONS = [
  'endpoint',
  'gatewayHostname',
  'websockets',
  'productInfo',
  'keepAlive',
  'serverVerificationCert',
  'cipher',
  'proxy',
  'trace',
  'certificateRequest',
];

/** A device's names, and its credentials. */
const NAMES = ['provisioningHost', 'registrationId', 'idScope'];
const CREDENTIALS = ['symmetricKey', 'getToken', 'x509'];

/** A shell without handlers: each error belongs to a call. */
class RegistrationShell extends Shell {
  report(error) {
    this.host.note({ error });
  }
}

/** A device that has no hub yet. Its documentation is in `index.d.ts`. */
export class ProvisioningDeviceClient {
  #shell;
  #payload;
  /** The key of the certificate that it requests. */
  #key;

  constructor(factory, shell, key) {
    if (factory !== FACTORY) {
      throw new TypeError(
        'a ProvisioningDeviceClient is not created with new: use ' +
          'ProvisioningDeviceClient.createFromSymmetricKey, createFromSasToken or ' +
          'createFromX509Certificate',
      );
    }
    this.#shell = shell;
    this.#key = key;
  }

  static createFromSymmetricKey(provisioningHost, registrationId, idScope, symmetricKey, options) {
    mustBeText({ 'the symmetric key': symmetricKey });
    const names = { provisioningHost, registrationId, idScope };
    return create(names, options, { symmetricKey });
  }

  static createFromSasToken(provisioningHost, registrationId, idScope, token, options) {
    const names = { provisioningHost, registrationId, idScope };
    if (typeof token === 'function') return create(names, options, { tokenFunction: token });
    mustBeText({ 'the SAS token': token });
    return create(names, options, { token });
  }

  static createFromX509Certificate(provisioningHost, registrationId, idScope, x509, options) {
    const names = { provisioningHost, registrationId, idScope };
    // Undefined would mean a client without a certificate.
    return create(names, options, { x509: x509 ?? null });
  }

  get provisioningPayload() {
    mustBeOwn(#payload in Object(this));
    return this.#payload;
  }

  set provisioningPayload(payload) {
    mustBeOwn(#payload in Object(this));
    payloadOf(payload, 'provisioningPayload');
    this.#payload = payload ?? undefined;
  }

  async register(options) {
    mustBeOwn(#shell in Object(this));
    const given = optionsOf(options, 'timeout', 'signal');
    const { timeout } = given;
    if (timeout !== undefined) {
      mustBe('number', { timeout });
      if (!(timeout > 0 && timeout <= MAX_SECONDS)) {
        throw new RangeError(`timeout must be above 0 and at most ${MAX_SECONDS} seconds`);
      }
    }
    const payload = payloadOf(this.#payload, 'provisioningPayload');
    const call = (core) => core.register(payload, timeout && timeout * 1000);
    const result = await this.#shell.operation(call, signalIn(given));
    return this.#key ? { ...result, x509: host.issuedX509(result, this.#key) } : result;
  }
}

export function deriveDeviceKey(groupKey, registrationId) {
  mustBeText({ 'the group key': groupKey, 'the registration id': registrationId });
  assertReady();
  return host.ClientHandle.deriveDeviceKey(host, groupKey, registrationId);
}

/**
 * The device of a client, with the checks that the core cannot do.
 * @param {any} device of the user
 */
export function provisionedDevice(device) {
  if (device === undefined) throw new TypeError('createFromProvisioning needs to know the device');
  const given = optionsOf(device, ...NAMES, ...CREDENTIALS, 'payload', 'certificateRequest');
  const { provisioningHost, registrationId, idScope, symmetricKey, getToken, x509 } = given;
  const credentials = CREDENTIALS.filter((name) => given[name] !== undefined);
  if (credentials.length !== 1) {
    throw new TypeError(`a device needs one of ${CREDENTIALS.join(', ')}`);
  }
  mustBeText({ provisioningHost, registrationId, idScope });
  if (symmetricKey !== undefined) mustBeText({ symmetricKey });
  if (getToken !== undefined) mustBe('function', { getToken });
  const { csr, key } = requestOf(given, registrationId);
  const registrant = {
    provisioningHost,
    registrationId,
    idScope,
    symmetricKey,
    hasCertificate: x509 !== undefined,
    payload: payloadOf(given.payload, 'payload'),
    csr,
  };
  return { registrant, getToken, x509, key };
}

/**
 * The request for a certificate, and its key, if the user wants one.
 * @param {Record<string, any>} options of the user
 * @param {string} registrationId
 */
function requestOf({ certificateRequest }, registrationId) {
  if (certificateRequest === undefined) return {};
  mustBe('function', { certificateRequest });
  if (!host.issuedX509) throw new TypeError('certificateRequest works in Node.js only');
  const { csr, key } = certificateRequest(registrationId);
  mustBeText({ csr, key });
  return { csr, key };
}

/** Names a device before its hub is known. Two services may know devices by the same id. */
export const registrationOf = ({ registrationId, idScope }) =>
  `${idScope}/registrations/${registrationId}`;

/**
 * What the service passes on, as JSON; `undefined` if there is none.
 * @param {unknown} payload of the user
 * @param {string} what it is called
 * @throws {TypeError} for anything but a JSON object: the service accepts nothing else
 */
function payloadOf(payload, what) {
  if (payload === undefined || payload === null) return undefined;
  const json = jsonOf(payload, what);
  if (!json.startsWith('{')) throw new TypeError(`${what} must be an object`);
  return json;
}

/**
 * @param {{ provisioningHost: string, registrationId: string, idScope: string }} names
 * @param {Record<string, any> | undefined} options of the user
 * @param {{ symmetricKey?: string, token?: string, x509?: unknown, tokenFunction?: () => unknown }}
 *   credentials
 */
function create(names, options, { symmetricKey, token, x509, tokenFunction }) {
  mustBeText({
    'the provisioning host': names.provisioningHost,
    'the registration id': names.registrationId,
    'the id scope': names.idScope,
  });
  const { certificateRequest, ...given } = optionsOf(
    options,
    ...OPTIONS,
    ...(symmetricKey ? ['sasTokenTtl'] : []),
  );
  const { csr, key } = requestOf({ certificateRequest }, names.registrationId);
  const registrant = { ...names, symmetricKey, token, hasCertificate: x509 !== undefined, csr };
  const createCore = (core) => core.fromProvisioning(host, registrant, given);
  const shell = createShell(RegistrationShell, given, createCore, { x509, tokenFunction });
  return new ProvisioningDeviceClient(FACTORY, shell, key);
}
