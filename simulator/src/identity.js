import { IoTHubDeviceClient } from 'iothub-device-client';

export { idOf } from './device-id.js';

/**
 * A device's credentials, and where it connects. They stay in the memory of the worker.
 *
 * @typedef {object} Identity one of `connectionString`, `sasToken`, `provisioning`, and
 *   `key` with the names
 * @property {string} [connectionString]
 * @property {string} [sasToken]
 * @property {import('iothub-device-client').ProvisionedDevice} [provisioning]
 * @property {string} [hostname]
 * @property {string} [deviceId]
 * @property {string} [moduleId]
 * @property {string} [key]
 * @property {string} [endpoint] WebSocket URL of a local hub
 * @property {string} [httpEndpoint] URL of a relay for the HTTP calls of file upload
 * @property {boolean} [keepsOutbox] whether what it sends is stored until the hub has it
 */

/**
 * Creates a client for the identity, without connecting.
 * @param {Identity} identity
 * @param {import('iothub-device-client').ClientOptions} options
 */
export function createClient(identity, options) {
  const { connectionString, sasToken, provisioning, endpoint, httpEndpoint, ...parts } = identity;
  const places = { endpoint: endpoint || undefined, httpEndpoint: httpEndpoint || undefined };
  const all = { ...options, ...places };
  if (provisioning) return IoTHubDeviceClient.createFromProvisioning(provisioning, all);
  if (sasToken) return IoTHubDeviceClient.createFromSasToken(sasToken, all);
  const text = connectionString ?? toConnectionString(parts);
  return IoTHubDeviceClient.createFromConnectionString(text, all);
}

function toConnectionString({ hostname, deviceId, moduleId, key }) {
  const missing = Object.entries({ hostname, deviceId, key }).find(([, value]) => !value);
  if (missing) throw new TypeError(`the ${missing[0]} is missing`);
  const module = moduleId ? `;ModuleId=${moduleId}` : '';
  return `HostName=${hostname};DeviceId=${deviceId}${module};SharedAccessKey=${key}`;
}
