// What the package exports.
import { equal, match, ok } from '../assert.js';

const ERRORS = [
  'ClientError',
  'ConnectionDroppedError',
  'ConnectionFailedError',
  'CredentialError',
  'NoConnectionError',
  'OperationCancelled',
  'OperationTimeout',
  'ServiceError',
];
const CLASSES = ['IoTHubDeviceClient', 'Message', 'MethodRequest', 'MethodResponse', 'X509'];

export const rows = [
  {
    id: 'exports.names',
    title: 'the client class, the value classes, the error classes, version; nothing else',
    async run({ iothub }) {
      for (const name of [...CLASSES, ...ERRORS]) equal(typeof iothub[name], 'function', name);
      match(iothub.version, /^\d+\.\d+\.\d+/);
      equal(Object.keys(iothub).length, CLASSES.length + ERRORS.length + 1, 'the number of names');
    },
  },
  {
    id: 'exports.no-new',
    title: 'new IoTHubDeviceClient() is a TypeError that names the factories',
    async run({ IoTHubDeviceClient, throws }) {
      const { message } = throws(() => new IoTHubDeviceClient(), TypeError);
      for (const source of ['ConnectionString', 'SasToken', 'SymmetricKey', 'X509Certificate']) {
        ok(message.includes(`createFrom${source}`), `${message} does not name ${source}`);
      }
    },
  },
];
