import {
  CONNECT,
  DESIRED_PROPERTIES,
  DISCONNECT,
  GET_TWIN,
  MESSAGES,
  METHODS,
  PATCH_REPORTED_PROPERTIES,
  SEND_METHOD_RESPONSE,
  SHUTDOWN,
  UPDATE_SAS_TOKEN,
} from './commands.js';
import {
  fromConnectionString,
  fromSasToken,
  fromSymmetricKey,
  fromX509Certificate,
} from './factories.js';
import { uploadFile } from './file-upload.js';
import { assertReady, host } from './host.js';
import { encodeMessage } from './message.js';
import { MethodResponse, encodeResponse } from './method.js';
import { mustBe, signalOf } from './options.js';
import { makeUploadCall } from './upload.js';

const FACTORY = Symbol('factory');

/** A device or a module of Azure IoT Hub. Its documentation is in `index.d.ts`. */
export class IoTHubDeviceClient {
  #shell;
  #handlers = {};

  constructor(key, createShell, ...given) {
    if (key !== FACTORY) {
      throw new TypeError(
        'an IoTHubDeviceClient is not made with new: use ' +
          'IoTHubDeviceClient.createFromConnectionString, createFromSasToken, ' +
          'createFromSymmetricKey or createFromX509Certificate',
      );
    }
    assertReady();
    this.#shell = createShell(host, ...given);
  }

  static createFromConnectionString(connectionString, options) {
    return new IoTHubDeviceClient(FACTORY, fromConnectionString, connectionString, options);
  }

  static createFromSasToken(token, options) {
    return new IoTHubDeviceClient(FACTORY, fromSasToken, token, options);
  }

  static createFromSymmetricKey(key, hostname, deviceId, options) {
    return new IoTHubDeviceClient(FACTORY, fromSymmetricKey, key, hostname, deviceId, options);
  }

  static createFromX509Certificate(x509, hostname, deviceId, options) {
    return new IoTHubDeviceClient(FACTORY, fromX509Certificate, x509, hostname, deviceId, options);
  }

  get connectionState() {
    return this.#shell.connectionState;
  }

  get connected() {
    return this.connectionState === 'connected';
  }

  async connect(options) {
    return this.#shell.begin(signalOf(options), CONNECT);
  }

  disconnect() {
    this.#shell.forgetReceived();
    return this.#shell.begin(undefined, DISCONNECT);
  }

  shutdown() {
    this.#shell.forgetReceived();
    const ended = this.#shell.begin(undefined, SHUTDOWN);
    this.#shell.handlers.endIterations();
    return ended;
  }

  sendMessage(message, options) {
    try {
      const signal = options && signalOf(options);
      // Here code of the user may run, such as a `toJSON`.
      const { body, properties } = encodeMessage(message);
      return this.#shell.operation((core) => core.sendMessage(body, properties), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getTwin(options) {
    return this.#shell.begin(signalOf(options), GET_TWIN);
  }

  async patchTwinReportedProperties(patch, options) {
    const signal = signalOf(options);
    // What JSON cannot hold is no object either, which the core says.
    return this.#shell.begin(signal, PATCH_REPORTED_PROPERTIES, 0, JSON.stringify(patch));
  }

  async sendMethodResponse(response, options) {
    if (!(response instanceof MethodResponse)) {
      throw new TypeError('sendMethodResponse takes a MethodResponse');
    }
    const encoded = encodeResponse(response, JSON.stringify(response.payload));
    return this.#shell.begin(signalOf(options), SEND_METHOD_RESPONSE, ...encoded);
  }

  async updateSasToken(token, options) {
    mustBe('string', { 'the SAS token': token });
    return this.#shell.begin(signalOf(options), UPDATE_SAS_TOKEN, 0, token);
  }

  async getStorageInfoForBlob(name, options) {
    mustBe('string', { name });
    const prepare = (core) => core.uploadRequest(false, name, false, 0, '');
    return makeUploadCall(this.#shell, prepare, signalOf(options));
  }

  async notifyBlobUploadStatus(correlationId, isSuccess, statusCode, statusDescription, options) {
    mustBe('string', { correlationId, statusDescription });
    mustBe('boolean', { isSuccess });
    if (!Number.isInteger(statusCode)) {
      throw new TypeError('statusCode must be a whole number');
    }
    const prepare = (core) =>
      core.uploadRequest(true, correlationId, isSuccess, statusCode, statusDescription);
    return makeUploadCall(this.#shell, prepare, signalOf(options));
  }

  uploadFile(blobName, data, options) {
    return uploadFile(this, this.#shell, blobName, data, options);
  }

  async receiveMessage(options) {
    return this.#shell.receiving.receive(MESSAGES, receiveOptions(options));
  }

  async receiveMethodRequest(options) {
    return this.#shell.receiving.receive(METHODS, receiveOptions(options));
  }

  async receiveTwinDesiredPropertiesPatch(options) {
    return this.#shell.receiving.receive(DESIRED_PROPERTIES, receiveOptions(options));
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

function receiveOptions({ methodName, block = true, timeout, signal } = {}) {
  if (methodName !== undefined) mustBe('string', { methodName });
  mustBe('boolean', { block });
  if (timeout !== undefined) {
    mustBe('number', { timeout });
    if (!(timeout >= 0)) throw new RangeError('timeout must be 0 or more seconds');
  }
  return { methodName, block, timeout, signal: signalOf({ signal }) };
}
