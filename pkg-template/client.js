import { host } from './host.js';
import { ClientHandle } from './iothub_device_client.js';
import { encodeMessage } from './message.js';
import { MethodResponse } from './method.js';

const FACTORY = Symbol('factory');

/** A device or a module of Azure IoT Hub. Its documentation is in `index.d.ts`. */
export class IoTHubDeviceClient {
  #handle;
  #handlers = {};

  constructor(key, handle) {
    if (key !== FACTORY) {
      throw new TypeError(
        'an IoTHubDeviceClient is not made with new: use ' +
          'IoTHubDeviceClient.createFromConnectionString or createFromSymmetricKey',
      );
    }
    this.#handle = handle;
  }

  static createFromConnectionString(connectionString, options) {
    const handle = ClientHandle.fromConnectionString(connectionString, options, host);
    return new IoTHubDeviceClient(FACTORY, handle);
  }

  static createFromSymmetricKey(key, hostname, deviceId, options) {
    const handle = ClientHandle.fromSymmetricKey(key, hostname, deviceId, options, host);
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
    this.#handle.setHandler(name, handler);
    this.#handlers[name] = handler;
  }
}

if (Symbol.asyncDispose) {
  IoTHubDeviceClient.prototype[Symbol.asyncDispose] = function dispose() {
    return this.shutdown();
  };
}

/** Methods never throw: what `call` throws becomes a rejection. */
function rejecting(call) {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
