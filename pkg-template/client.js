import { mustBe, signalOf } from './arguments.js';
import { uploadFile } from './file-upload.js';
import { assertReady, host } from './host.js';
import { encodeMessage } from './message.js';
import { MethodResponse, encodeResponse } from './method.js';
import { bytesAtMost } from './pending-bytes.js';
import { Shell } from './shell.js';
import { tracingHost } from './trace.js';
import { checkBlobName, makeUploadCall } from './upload.js';

const FACTORY = Symbol('factory');

/** A device or a module of Azure IoT Hub. Its documentation is in `index.d.ts`. */
export class IoTHubDeviceClient {
  #shell;
  #handlers = {};

  constructor(key, shell) {
    if (key !== FACTORY) {
      throw new TypeError(
        'an IoTHubDeviceClient is not made with new: use ' +
          'IoTHubDeviceClient.createFromConnectionString, createFromSasToken, ' +
          'createFromSymmetricKey or createFromX509Certificate',
      );
    }
    this.#shell = shell;
  }

  static createFromConnectionString(connectionString, options) {
    mustBe('string', { 'the connection string': connectionString });
    return create(options, (core) => core.fromConnectionString(host, connectionString, options));
  }

  static createFromSasToken(token, options) {
    if (typeof token === 'function') {
      return create(options, (core) => core.fromTokenFunction(host, options), {
        tokenFunction: token,
      });
    }
    mustBe('string', { 'the SAS token': token });
    return create(options, (core) => core.fromSasToken(host, token, options));
  }

  static createFromSymmetricKey(key, hostname, deviceId, options) {
    mustBe('string', {
      'the shared access key': key,
      'the hostname': hostname,
      'the device id': deviceId,
    });
    return create(options, (core) => core.fromSymmetricKey(host, key, hostname, deviceId, options));
  }

  static createFromX509Certificate(x509, hostname, deviceId, options) {
    mustBe('string', { 'the hostname': hostname, 'the device id': deviceId });
    return create(
      options,
      (core) => core.fromX509Certificate(host, hostname, deviceId, options),
      // Undefined would stand for a client without a certificate.
      { x509: x509 ?? null },
    );
  }

  get connectionState() {
    return this.#shell.connectionState;
  }

  get connected() {
    return this.connectionState === 'connected';
  }

  async connect(options) {
    return this.#shell.operation((core) => core.connect(), signalOf(options));
  }

  disconnect() {
    this.#shell.forgetReceived();
    return this.#shell.operation((core) => core.disconnect());
  }

  shutdown() {
    this.#shell.forgetReceived();
    const ended = this.#shell.operation((core) => core.shutdown());
    this.#shell.handlers.endIterations();
    return ended;
  }

  sendMessage(message, options) {
    try {
      const signal = options && signalOf(options);
      // Here code of the user may run, such as a `toJSON`.
      const { body, systemProperties, customProperties } = encodeMessage(message);
      return this.#shell.operation(
        (core) => core.sendMessage(body, systemProperties, customProperties),
        signal,
        undefined,
        body.length + bytesAtMost(systemProperties) + bytesAtMost(customProperties),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getTwin(options) {
    return this.#shell.operation((core) => core.getTwin(), signalOf(options));
  }

  async patchTwinReportedProperties(patch, options) {
    const signal = signalOf(options);
    // What JSON cannot hold is not an object either, which the core says.
    const json = JSON.stringify(patch) ?? '';
    const call = (core) => core.patchReportedProperties(json);
    return this.#shell.operation(call, signal, undefined, bytesAtMost(json));
  }

  async sendMethodResponse(response, options) {
    if (!(response instanceof MethodResponse)) {
      throw new TypeError('sendMethodResponse takes a MethodResponse');
    }
    const json = JSON.stringify(response.payload);
    const { requestId, status, payload } = encodeResponse(response, json);
    return this.#shell.operation(
      (core) => core.sendMethodResponse(requestId, status, payload),
      signalOf(options),
    );
  }

  async updateSasToken(token, options) {
    mustBe('string', { 'the SAS token': token });
    return this.#shell.operation((core) => core.updateSasToken(token), signalOf(options));
  }

  async getStorageInfoForBlob(name, options) {
    checkBlobName(name, 'name');
    const call = (core, send) => core.getStorageInfo(name, send);
    return makeUploadCall(this.#shell, call, signalOf(options));
  }

  async notifyBlobUploadStatus(correlationId, isSuccess, statusCode, statusDescription, options) {
    mustBe('string', { correlationId, statusDescription });
    mustBe('boolean', { isSuccess });
    if (!Number.isInteger(statusCode)) {
      throw new TypeError('statusCode must be a whole number');
    }
    const call = (core, send) =>
      core.notifyUpload(correlationId, isSuccess, statusCode, statusDescription, send);
    return makeUploadCall(this.#shell, call, signalOf(options));
  }

  uploadFile(blobName, data, options) {
    return uploadFile(this, this.#shell, blobName, data, options);
  }

  async receiveMessage(options) {
    return this.#shell.receiving.receive('messages', receiveOptions(options));
  }

  async receiveMethodRequest(options) {
    return this.#shell.receiving.receive('methods', receiveOptions(options));
  }

  async receiveTwinDesiredPropertiesPatch(options) {
    return this.#shell.receiving.receive('desiredProperties', receiveOptions(options));
  }

  messages(options) {
    const { handlers } = this.#shell;
    return handlers.iterate(handlers.message, signalOf(options));
  }

  methodRequests(options) {
    const { handlers } = this.#shell;
    return handlers.iterate(handlers.method, signalOf(options));
  }

  desiredPropertiesPatches(options) {
    const { handlers } = this.#shell;
    return handlers.iterate(handlers.desiredProperties, signalOf(options));
  }

  get onMessageReceived() {
    return this.#handler('onMessageReceived');
  }

  set onMessageReceived(handler) {
    this.#setHandler('onMessageReceived', handler);
  }

  get onMethodRequestReceived() {
    return this.#handler('onMethodRequestReceived');
  }

  set onMethodRequestReceived(handler) {
    this.#setHandler('onMethodRequestReceived', handler);
  }

  get onTwinDesiredPropertiesPatchReceived() {
    return this.#handler('onTwinDesiredPropertiesPatchReceived');
  }

  set onTwinDesiredPropertiesPatchReceived(handler) {
    this.#setHandler('onTwinDesiredPropertiesPatchReceived', handler);
  }

  get onConnectionStateChange() {
    return this.#handler('onConnectionStateChange');
  }

  set onConnectionStateChange(handler) {
    this.#setHandler('onConnectionStateChange', handler);
  }

  get onNewSasTokenRequired() {
    return this.#handler('onNewSasTokenRequired');
  }

  set onNewSasTokenRequired(handler) {
    this.#setHandler('onNewSasTokenRequired', handler);
  }

  get onBackgroundException() {
    return this.#handler('onBackgroundException');
  }

  set onBackgroundException(handler) {
    this.#setHandler('onBackgroundException', handler);
  }

  /** What `console.log` shows of it in Node.js, where the class itself may be shown as well. */
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    if (!(#shell in this)) return 'IoTHubDeviceClient {}';
    const [hostname, , deviceId, , moduleId] = this.#shell.resource.split('/');
    const { connectionState } = this;
    const shown = { hostname, deviceId, ...(moduleId && { moduleId }), connectionState };
    return `IoTHubDeviceClient ${inspect(shown, options)}`;
  }

  #handler(name) {
    return this.#handlers[name];
  }

  #setHandler(name, handler) {
    this.#shell.handlers.set(name, handler);
    this.#handlers[name] = handler;
  }
}

if (Symbol.asyncDispose) {
  IoTHubDeviceClient.prototype[Symbol.asyncDispose] = function dispose() {
    return this.shutdown();
  };
}

/**
 * @param {Record<string, any> | undefined} options of the user
 * @param {(core: typeof import('./iothub_device_client.js').ClientHandle) =>
 *   import('./iothub_device_client.js').ClientHandle} createCore checks the options
 * @param {{ x509?: unknown, tokenFunction?: () => unknown }} [credentials] those that are not the
 *   core's
 */
function create(options, createCore, { x509, tokenFunction } = {}) {
  assertReady();
  const core = createCore(host.ClientHandle);
  const { serverVerificationCert, cipher, proxy, trace } = options ?? {};
  const transport = host.createTransport({ serverVerificationCert, cipher, proxy, x509 });
  const platform = tracingHost(host, trace, core.resource, () => shell.activity);
  const shell = new Shell(platform, core, transport, tokenFunction);
  return new IoTHubDeviceClient(FACTORY, shell);
}

/** @param {Record<string, any>} [options] of the user */
function receiveOptions({ methodName, block = true, timeout, signal } = {}) {
  if (methodName !== undefined) mustBe('string', { methodName });
  mustBe('boolean', { block });
  if (timeout !== undefined) {
    mustBe('number', { timeout });
    if (!(timeout >= 0)) throw new RangeError('timeout must be 0 or more seconds');
  }
  return { methodName, block, timeout, signal: signalOf({ signal }) };
}
