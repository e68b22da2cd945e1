import { mustBe, mustBeOwn, mustBeText, optionsOf, signalIn, signalOf } from './arguments.js';
import { ClientError } from './errors.js';
import { uploadFile } from './file-upload.js';
import { host } from './host.js';
import { jsonOf, refuseLost } from './json.js';
import { encodeMessage } from './message.js';
import { MethodResponse, encodeResponse } from './method.js';
import { bytesAtMost } from './pending-bytes.js';
import { provisionedDevice, registrationOf } from './provisioning.js';
import { createShell } from './create-shell.js';
import { Shell } from './shell.js';
import { useStore } from './store-port.js';
import { checkBlobName, makeUploadCall } from './upload.js';

const FACTORY = Symbol('factory');
const HANDLERS = [
  'onMessageReceived',
  'onMethodRequestReceived',
  'onTwinDesiredPropertiesPatchReceived',
  'onConnectionStateChange',
  'onNewSasTokenRequired',
  'onBackgroundException',
  'onMessageDropped',
];

/** @type {(client: IoTHubDeviceClient) => Shell} */
let shellOf;

/** A device or a module of Azure IoT Hub. Its documentation is in `index.d.ts`. */
export class IoTHubDeviceClient {
  #shell;

  static {
    shellOf = (client) => {
      mustBeOwn(#shell in Object(client));
      return client.#shell;
    };
  }

  constructor(key, shell) {
    if (key !== FACTORY) {
      throw new TypeError(
        'an IoTHubDeviceClient is not created with new: use ' +
          'IoTHubDeviceClient.createFromConnectionString, createFromSasToken, ' +
          'createFromSymmetricKey, createFromX509Certificate or createFromProvisioning',
      );
    }
    this.#shell = shell;
  }

  static createFromConnectionString(connectionString, options) {
    mustBeText({ 'the connection string': connectionString });
    return create(options, (core, options) =>
      core.fromConnectionString(host, connectionString, options),
    );
  }

  static createFromSasToken(token, options = {}) {
    if (typeof token === 'function') {
      return create(options, (core, options) => core.fromTokenFunction(host, options), {
        tokenFunction: token,
      });
    }
    mustBeText({ 'the SAS token': token });
    return create(options, (core, options) => core.fromSasToken(host, token, options));
  }

  static createFromSymmetricKey(key, hostname, deviceId, options) {
    mustBeText({
      'the shared access key': key,
      'the hostname': hostname,
      'the device id': deviceId,
    });
    return create(options, (core, options) =>
      core.fromSymmetricKey(host, key, hostname, deviceId, options),
    );
  }

  static createFromX509Certificate(x509, hostname, deviceId, options) {
    mustBeText({ 'the hostname': hostname, 'the device id': deviceId });
    return create(
      options,
      (core, options) => core.fromX509Certificate(host, hostname, deviceId, options),
      // `undefined` would mean a client without a certificate.
      { x509: x509 ?? null },
    );
  }

  static createFromProvisioning(device, options) {
    const { registrant, getToken, x509, key } = provisionedDevice(device);
    return create(
      options,
      (core, options) => core.fromProvisioning(host, registrant, options),
      { x509, tokenFunction: getToken, key },
      registrationOf(registrant),
    );
  }

  get connectionState() {
    return shellOf(this).connectionState;
  }

  get connected() {
    return this.connectionState === 'connected';
  }

  async connect(options) {
    return shellOf(this).operation((core) => core.connect(), signalOf(options));
  }

  async disconnect() {
    const shell = shellOf(this);
    shell.outbox?.suspend();
    return shell.leave((core) => core.disconnect());
  }

  async shutdown() {
    const shell = shellOf(this);
    const stored = shell.outbox?.close();
    const ended = shell.leave((core) => core.shutdown());
    shell.handlers.endIterations();
    await Promise.all([stored, ended]);
  }

  sendMessage(message, options) {
    try {
      const signal = options && signalOf(options);
      // User code may run here, such as a `toJSON`.
      const shell = shellOf(this);
      if (shell.outbox) return shell.outbox.put(encodeMessage(message, randomId), true, signal);
      const { body, systemProperties, customProperties } = encodeMessage(message);
      return shell.operation(
        (core) => core.sendMessage(body, systemProperties, customProperties),
        signal,
        undefined,
        body.length + bytesAtMost(systemProperties) + bytesAtMost(customProperties),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async enqueue(message, options) {
    const { outbox } = shellOf(this);
    if (!outbox)
      throw new ClientError('enqueue needs the option store: create the client with one');
    const signal = signalOf(options);
    return outbox.put(encodeMessage(message, randomId), false, signal);
  }

  get outbox() {
    return shellOf(this).outbox;
  }

  async getTwin(options) {
    return shellOf(this).operation((core) => core.getTwin(), signalOf(options));
  }

  async patchTwinReportedProperties(patch, options) {
    const signal = signalOf(options);
    const json = jsonOf(patch, 'the patch of reported properties', refuseLost);
    const call = (core) => core.patchReportedProperties(json);
    return shellOf(this).operation(call, signal, undefined, bytesAtMost(json));
  }

  async sendMethodResponse(response, options) {
    if (!(response instanceof MethodResponse)) {
      throw new TypeError('sendMethodResponse takes a MethodResponse');
    }
    const signal = signalOf(options);
    const { requestId, status, json } = encodeResponse(response);
    const call = (core) => core.sendMethodResponse(requestId, status, json);
    return shellOf(this).operation(call, signal, undefined, bytesAtMost(json));
  }

  async updateSasToken(token, options) {
    mustBe('string', { 'the SAS token': token });
    return shellOf(this).operation((core) => core.updateSasToken(token), signalOf(options));
  }

  async getStorageInfoForBlob(name, options) {
    checkBlobName(name, 'name');
    const call = (core, send) => core.getStorageInfo(name, send);
    return makeUploadCall(shellOf(this), call, signalOf(options));
  }

  async notifyBlobUploadStatus(correlationId, isSuccess, statusCode, statusDescription, options) {
    mustBe('string', { correlationId, statusDescription });
    mustBe('boolean', { isSuccess });
    if (!Number.isInteger(statusCode)) {
      throw new TypeError('statusCode must be a whole number');
    }
    const call = (core, send) =>
      core.notifyUpload(correlationId, isSuccess, statusCode, statusDescription, send);
    return makeUploadCall(shellOf(this), call, signalOf(options));
  }

  async uploadFile(blobName, data, options) {
    return uploadFile(this, shellOf(this), blobName, data, options);
  }

  async receiveMessage(options) {
    return shellOf(this).receiving.receive('messages', receiveOptions(options));
  }

  async receiveMethodRequest(options) {
    return shellOf(this).receiving.receive('methods', receiveOptions(options, 'methodName'));
  }

  async receiveTwinDesiredPropertiesPatch(options) {
    return shellOf(this).receiving.receive('desiredProperties', receiveOptions(options));
  }

  messages(options) {
    const { handlers } = shellOf(this);
    return handlers.iterate(handlers.message, signalOf(options));
  }

  methodRequests(options) {
    const { handlers } = shellOf(this);
    return handlers.iterate(handlers.method, signalOf(options));
  }

  desiredPropertiesPatches(options) {
    const { handlers } = shellOf(this);
    return handlers.iterate(handlers.desiredProperties, signalOf(options));
  }

  /** What `console.log` shows in Node.js, of a client or of the class itself. */
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    if (!(#shell in this)) return 'IoTHubDeviceClient {}';
    const [hostname, , deviceId, , moduleId] = this.#shell.resource.split('/');
    const { connectionState } = this;
    const shown = { hostname, deviceId, ...(moduleId && { moduleId }), connectionState };
    return `IoTHubDeviceClient ${inspect(shown, options)}`;
  }
}

for (const name of HANDLERS) {
  Object.defineProperty(IoTHubDeviceClient.prototype, name, {
    configurable: true,
    get() {
      return shellOf(this).handlers.get(name);
    },
    set(handler) {
      shellOf(this).handlers.set(name, handler);
    },
  });
}

// A misspelt handler would never be called. Clients stay extensible, for the spies of tests.
const refuseUnknownHandlers = {
  set(target, name, value, client) {
    if (/^on[A-Z]/.test(String(name))) {
      throw new TypeError(`${name} is not a handler here; the handlers are ${HANDLERS.join(', ')}`);
    }
    return Reflect.set(target, name, value, client);
  },
};
Object.setPrototypeOf(IoTHubDeviceClient.prototype, new Proxy({}, refuseUnknownHandlers));

if (Symbol.asyncDispose) {
  IoTHubDeviceClient.prototype[Symbol.asyncDispose] = function dispose() {
    return this.shutdown();
  };
}

/**
 * @param {Record<string, any> | undefined} options of the user
 * @param {(core: typeof import('./iothub_device_client.js').ClientHandle, options: any) =>
 *   import('./iothub_device_client.js').ClientHandle} createCore checks the options
 * @param {{ x509?: unknown, tokenFunction?: (resource: string) => unknown, key?: string }}
 *   [credentials] those that the core does not handle
 * @param {string} [resource] names the device, if its hub is not known
 */
function create(options, createCore, credentials, resource) {
  const { store } = options ?? {};
  const given = store ? withRetries(options) : options;
  const shell = createShell(Shell, options, (core) => createCore(core, given), credentials);
  if (store !== undefined) useStore(shell, store, resource ?? shell.resource);
  return new IoTHubDeviceClient(FACTORY, shell);
}

/** With a store, messages must be sent however long the first connection takes. */
const withRetries = (options) => ({
  ...options,
  connectionRetry: options.connectionRetry ?? 'always',
});

/** A page without HTTPS has no `randomUUID`. */
const randomId = () =>
  crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');

/** @param {Record<string, any>} [options] of the user */
function receiveOptions(options, ...more) {
  const given = optionsOf(options, ...more, 'block', 'timeout', 'signal');
  const { methodName, block = true, timeout } = given;
  if (methodName !== undefined) mustBe('string', { methodName });
  mustBe('boolean', { block });
  if (timeout !== undefined) {
    mustBe('number', { timeout });
    if (!(timeout >= 0)) throw new RangeError('timeout must be 0 or more seconds');
  }
  return { methodName, block, timeout, signal: signalIn(given) };
}
