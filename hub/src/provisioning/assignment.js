import { createHash } from 'node:crypto';

/**
 * What leads to a hub.
 * @typedef {import('./attestation.js').Attested & {registrationId: string, payload?: object,
 *            previous?: import('./registrations.js').RegistrationState,
 *            hubs: import('./linked-hub.js').LinkedHub[]}} Wanted
 */

/**
 * Chooses a hub and makes the device there, or moves it.
 * @param {Wanted} wanted
 * @returns {Promise<import('./registrations.js').RegistrationState>}
 */
export async function assign({ enrollment, authentication, registrationId, previous, hubs }) {
  const { enrollmentGroupId, attestation, capabilities } = enrollment;
  const deviceId = enrollment.deviceId ?? enrollment.registrationId ?? registrationId;
  const before = hubs.find(({ hostname }) => hostname === previous?.assignedHub);
  const { updateHubAssignment, migrateDeviceData } = enrollment.reprovisionPolicy;
  const hub = before && !updateHubAssignment ? before : chooseHub(enrollment, registrationId, hubs);
  const moves = before !== undefined && before !== hub;
  const twin = moves && migrateDeviceData ? await before.twin(deviceId) : undefined;
  const isNew = await hub.ensureDevice(deviceId, { authentication, capabilities });
  const initialTwin = twin ?? (isNew || moves ? enrollment.initialTwin : undefined);
  if (initialTwin) await hub.putTwin(deviceId, initialTwin);
  if (moves) await before.deleteDevice(deviceId);
  return {
    [attestation.type]: { enrollmentGroupId },
    registrationId,
    assignedHub: hub.hostname,
    deviceId,
    status: 'assigned',
    substatus: substatusOf(before, moves, migrateDeviceData),
  };
}

/** A registration that changes nothing has the last of these, as the Azure CLI's tests expect. */
function substatusOf(before, moves, migrateDeviceData) {
  if (!before) return 'initialAssignment';
  if (moves) return migrateDeviceData ? 'deviceDataMigrated' : 'deviceDataReset';
  return 'reprovisionedToInitialAssignment';
}

/**
 * @param {import('./enrollments.js').Enrollment} enrollment
 * @param {string} registrationId
 * @param {import('./linked-hub.js').LinkedHub[]} hubs
 */
function chooseHub({ allocationPolicy, iotHubHostName, iotHubs }, registrationId, hubs) {
  const names = iotHubs?.length ? iotHubs : hubs.map(({ hostname }) => hostname);
  const candidates = names.map((name) => hubOf(name, hubs));
  if (iotHubHostName) return hubOf(iotHubHostName, hubs);
  if (allocationPolicy === 'hashed') {
    const hash = createHash('sha256').update(registrationId.toLowerCase()).digest();
    return candidates[hash.readUInt32BE() % candidates.length];
  }
  return candidates[0];
}

function hubOf(name, hubs) {
  const hub = hubs.find(({ hostname }) => hostname === name);
  if (hub) return hub;
  throw new Error(
    `no hub "${name}" is linked, there are ${hubs.map((h) => h.hostname).join(', ')}`,
  );
}
