/**
 * The name of a device in the fleet: its id, followed by a slash and the module id for a module.
 * @param {import('./identity.js').Identity} identity one from which a client can be created
 */
export function idOf({ connectionString, sasToken, provisioning, deviceId, moduleId }) {
  if (provisioning) return provisioning.registrationId;
  if (sasToken) return decodeURIComponent(/\bsr=([^&]*)/.exec(sasToken)[1]).split('/')[2];
  if (connectionString) {
    const parts = connectionString.split(';').map((part) => part.trim().split(/=(.*)/s));
    ({ DeviceId: deviceId, ModuleId: moduleId } = Object.fromEntries(parts));
  }
  return moduleId ? `${deviceId}/${moduleId}` : deviceId;
}
