import { IoTHubDeviceClient } from './client.js';
import { keepNames } from './errors.js';
import { Message } from './message.js';
import { MethodRequest, MethodResponse } from './method.js';
import { ProvisioningDeviceClient } from './provisioning.js';
import { X509 } from './x509.js';

const classes = {
  IoTHubDeviceClient,
  Message,
  MethodRequest,
  MethodResponse,
  ProvisioningDeviceClient,
  X509,
};
keepNames(classes);
// Vue does not wrap objects in a Proxy whose tag is not `Object`.
for (const [value, { prototype }] of Object.entries(classes)) {
  Object.defineProperty(prototype, Symbol.toStringTag, { value, configurable: true });
}

export {
  IoTHubDeviceClient,
  Message,
  MethodRequest,
  MethodResponse,
  ProvisioningDeviceClient,
  X509,
};
export { deriveDeviceKey } from './provisioning.js';
export {
  ClientError,
  ConnectionDroppedError,
  ConnectionFailedError,
  CredentialError,
  NoConnectionError,
  OperationCancelled,
  OperationTimeout,
  ServiceError,
} from './errors.js';
