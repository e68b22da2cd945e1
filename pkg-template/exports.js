export { IoTHubDeviceClient } from './client.js';
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
export { Message } from './message.js';
export { MethodRequest, MethodResponse } from './method.js';
export { X509 } from './x509.js';
