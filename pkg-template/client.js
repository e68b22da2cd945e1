import { assertReady, host } from './host.js';
import { ClientHandle } from './iothub_device_client.js';
import { encodeMessage } from './message.js';
import { MethodResponse } from './method.js';
import { tracingHost } from './trace.js';
import { makeUploadCall } from './upload.js';

const FACTORY = Symbol('factory');

/** A device or a module of Azure IoT Hub. Its documentation is in `index.d.ts`. */
export class IoTHubDeviceClient {
  #handle;
  #handlers = {};

  constructor(key, handle) {
    if (key !== FACTORY) {
      throw new TypeError(
        'an IoTHubDeviceClient is not made with new: use ' +
          'IoTHubDeviceClient.createFromConnectionString, createFromSasToken, ' +
          'createFromSymmetricKey or createFromX509Certificate',
      );
    }
    this.#handle = handle;
  }

  static createFromConnectionString(connectionString, options) {
    const itsHost = hostFor(options);
    const handle = ClientHandle.fromConnectionString(connectionString, options, itsHost);
    return new IoTHubDeviceClient(FACTORY, handle);
  }

  static createFromSasToken(token, options) {
    const handle = ClientHandle.fromSasToken(token, options, hostFor(options));
    return new IoTHubDeviceClient(FACTORY, handle);
  }

  static createFromSymmetricKey(key, hostname, deviceId, options) {
    const itsHost = hostFor(options);
    const handle = ClientHandle.fromSymmetricKey(key, hostname, deviceId, options, itsHost);
    return new IoTHubDeviceClient(FACTORY, handle);
  }

  static createFromX509Certificate(x509, hostname, deviceId, options) {
    const itsHost = hostFor(options);
    // Undefined stands for an option that is not set; a certificate has to be there.
    const given = x509 ?? null;
    const handle = ClientHandle.fromX509Certificate(given, hostname, deviceId, options, itsHost);
    return new IoTHubDeviceClient(FACTORY, handle);
  }

  get connectionState() {
    return this.#handle.connectionState;
  }

  get connected() {
    return this.connectionState === 'connected';
  }

  connect() {
    return this.#handle.connect();
  }

  disconnect() {
    return this.#handle.disconnect();
  }

  shutdown() {
    return this.#handle.shutdown();
  }

  sendMessage(message) {
    return rejecting(() => {
      const { body, system, custom } = encodeMessage(message);
      return this.#handle.sendMessage(body, system, custom);
    });
  }

  getTwin() {
    return this.#handle.getTwin();
  }

  patchTwinReportedProperties(patch) {
    return this.#handle.patchTwinReportedProperties(patch);
  }

  sendMethodResponse(response) {
    return rejecting(() => {
      if (!(response instanceof MethodResponse)) {
        throw new TypeError('sendMethodResponse takes a MethodResponse');
      }
      return this.#handle.sendMethodResponse(response);
    });
  }

  updateSasToken(token) {
    return this.#handle.updateSasToken(token);
  }

  getStorageInfoForBlob(name) {
    return rejecting(() => {
      mustBe('string', { name });
      return this.#uploadCall(() => this.#handle.storageInfoRequest(name));
    });
  }

  notifyBlobUploadStatus(correlationId, isSuccess, statusCode, statusDescription) {
    return rejecting(() => {
      mustBe('string', { correlationId, statusDescription });
      mustBe('boolean', { isSuccess });
      if (!Number.isInteger(statusCode)) {
        throw new TypeError('statusCode must be a whole number');
      }
      return this.#uploadCall(() =>
        this.#handle.notificationRequest(correlationId, isSuccess, statusCode, statusDescription),
      );
    });
  }

  receiveMessage(options) {
    return rejecting(() => {
      const { block, timeout } = receiveOptions(options);
      return this.#handle.receiveMessage(block, timeout);
    });
  }

  receiveMethodRequest(options) {
    return rejecting(() => {
      const { methodName, block, timeout } = receiveOptions(options);
      return this.#handle.receiveMethodRequest(methodName, block, timeout);
    });
  }

  receiveTwinDesiredPropertiesPatch(options) {
    return rejecting(() => {
      const { block, timeout } = receiveOptions(options);
      return this.#handle.receiveTwinDesiredPropertiesPatch(block, timeout);
    });
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

  #uploadCall(prepare) {
    const { transport, asksForTokens } = this.#handle;
    return makeUploadCall(this.#handle, prepare, transport, asksForTokens);
  }

  #handler(name) {
    return this.#handlers[name];
  }

  #setHandler(name, handler) {
    this.#handle.setHandler(name, handler);
    this.#handlers[name] = handler;
  }
}

if (Symbol.asyncDispose) {
  IoTHubDeviceClient.prototype[Symbol.asyncDispose] = function dispose() {
    return this.shutdown();
  };
}

/** The core checks all other options; `trace` is for the sockets, which it does not see. */
function hostFor(options) {
  assertReady();
  const trace = options?.trace;
  if (trace === undefined) return host;
  mustBe('function', { trace });
  return tracingHost(host, trace);
}

function receiveOptions({ methodName, block = true, timeout } = {}) {
  if (methodName !== undefined) mustBe('string', { methodName });
  mustBe('boolean', { block });
  if (timeout !== undefined) {
    mustBe('number', { timeout });
    if (!(timeout >= 0)) throw new RangeError('timeout must be 0 or more seconds');
  }
  return { methodName, block, timeout };
}

function mustBe(type, values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== type) throw new TypeError(`${name} must be a ${type}`);
  }
}

/** Methods never throw: what `call` throws becomes a rejection. */
function rejecting(call) {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
