import { deriveDeviceKey } from 'iothub-device-client';

export const PROVISIONING_HOST = 'global.azure-devices-provisioning.net';

/**
 * An enrollment group of a provisioning service.
 *
 * @typedef {object} Group
 * @property {string} [provisioningHost] `PROVISIONING_HOST` unless given
 * @property {string} idScope
 * @property {string} groupKey
 * @property {string} [endpoint] WebSocket URL of a local service
 */

/**
 * A device of a group: it registers itself, with its own key, which is derived from the group's.
 * @param {Group} group
 * @param {string} registrationId
 * @returns {import('./identity.js').Identity}
 */
export function memberOf(group, registrationId) {
  const { provisioningHost = PROVISIONING_HOST, idScope, groupKey, endpoint } = group;
  const symmetricKey = deriveDeviceKey(groupKey, registrationId);
  return { provisioning: { provisioningHost, idScope, registrationId, symmetricKey }, endpoint };
}
