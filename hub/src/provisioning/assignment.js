import { allocate } from './allocation.js';

/**
 * What the choice of a hub depends on; `payload` is the client's.
 * @typedef {import('./attestation.js').Attested & {registrationId: string, payload?: object,
 *            previous?: import('./registrations.js').RegistrationState,
 *            hubs: import('./linked-hub.js').LinkedHub[]}} Wanted
 */

/**
 * Chooses a hub, and creates the device there or moves it.
 * @param {Wanted} wanted
 * @returns {Promise<import('./registrations.js').RegistrationState>}
 */
export async function assign(wanted) {
  const { enrollment, authentication, registrationId, previous, hubs } = wanted;
  const { enrollmentGroupId, attestation, capabilities } = enrollment;
  const { updateHubAssignment, migrateDeviceData } = enrollment.reprovisionPolicy;
  const deviceId = enrollment.deviceId ?? enrollment.registrationId ?? registrationId;
  const before = hubs.find(({ hostname }) => hostname === previous?.assignedHub);
  const stays = before !== undefined && !updateHubAssignment;
  const { hub, payload, initialTwin } = stays ? { hub: before } : await allocate(wanted);
  const moves = before !== undefined && before !== hub;
  const twin = moves && migrateDeviceData ? await before.twin(deviceId) : undefined;
  const isNew = await hub.ensureDevice(deviceId, { authentication, capabilities });
  const firstTwin = twin ?? (isNew || moves ? (initialTwin ?? enrollment.initialTwin) : undefined);
  if (firstTwin) await hub.putTwin(deviceId, firstTwin);
  if (moves) await before.deleteDevice(deviceId);
  return {
    [attestation.type]: { enrollmentGroupId },
    registrationId,
    assignedHub: hub.hostname,
    deviceId,
    status: 'assigned',
    substatus: substatusOf(before, moves, migrateDeviceData),
    payload,
  };
}

/** A registration that changes nothing has the last of these, as the Azure CLI's tests expect. */
function substatusOf(before, moves, migrateDeviceData) {
  if (!before) return 'initialAssignment';
  if (moves) return migrateDeviceData ? 'deviceDataMigrated' : 'deviceDataReset';
  return 'reprovisionedToInitialAssignment';
}
