// What the package exports.
import { deepEqual, equal, match, ok } from '../assert.js';

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
const CLASSES = [
  'IoTHubDeviceClient',
  'Message',
  'MethodRequest',
  'MethodResponse',
  'ProvisioningDeviceClient',
  'X509',
];

export const rows = [
  {
    id: 'exports.names',
    title:
      'the client classes, the value classes, the error classes, deriveDeviceKey, version; nothing else',
    async run({ iothub }) {
      for (const name of [...CLASSES, ...ERRORS]) equal(typeof iothub[name], 'function', name);
      match(iothub.version, /^\d+\.\d+\.\d+/);
      equal(typeof iothub.deriveDeviceKey, 'function');
      equal(Object.keys(iothub).length, CLASSES.length + ERRORS.length + 2, 'the number of names');
    },
  },
  {
    id: 'exports.slim',
    title: 'a second entry exports the same names and init(); before it, an error that says so',
    async run({ iothub, importSlim, isBrowser, rejects, evidence }) {
      const entry = await importSlim();
      const names = Object.keys(iothub);
      deepEqual(Object.keys(entry).sort(), [...names, 'init'].sort());
      const { IoTHubDeviceClient } = entry;
      const key = btoa('a key of the second entry');
      evidence.addSecret(key);
      const create = () => IoTHubDeviceClient.createFromSymmetricKey(key, 'h', 'd');
      if (isBrowser) {
        await rejects((async () => create())(), entry.ClientError, /init\(\)/);
        equal(entry.version, undefined);
      }
      const wasm = new URL('../../../pkg/iothub_device_client_bg.wasm', import.meta.url);
      if (isBrowser) {
        await rejects(entry.init(), TypeError, /iothub_device_client_bg\.wasm/);
        await rejects(entry.init(new URL('no-such.wasm', wasm)), Error, /404/);
      } else {
        await entry.init(Promise.reject(new Error('an unhandled rejection')));
      }
      await Promise.all([entry.init(wasm), entry.init(wasm)]);
      equal(create().connectionState, 'disconnected');
      equal(entry.version, iothub.version);
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
