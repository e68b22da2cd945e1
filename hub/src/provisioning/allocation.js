import { createHash } from 'node:crypto';

/** The service's code for a webhook that failed. */
const CUSTOM_ALLOCATION_FAILED = 400207;
const WEBHOOK_TIMEOUT = 10_000;

/** No hub can be assigned; the client gets the message, which says why. */
export class AllocationError extends Error {
  /** @param {number} [errorCode] */
  constructor(message, errorCode) {
    super(message);
    this.errorCode = errorCode;
  }
}

/**
 * Chooses the hub of a device; also returns what the webhook of a custom allocation returned.
 * @param {import('./assignment.js').Wanted} wanted
 * @returns {Promise<{hub: import('./linked-hub.js').LinkedHub, payload?: object,
 *                    initialTwin?: import('./enrollments.js').Enrollment['initialTwin']}>}
 */
export async function allocate(wanted) {
  const { iotHubHostName, iotHubs, allocationPolicy } = wanted.enrollment;
  if (iotHubHostName) return { hub: hubOf(iotHubHostName, wanted.hubs) };
  const candidates = iotHubs?.length
    ? iotHubs.map((name) => hubOf(name, wanted.hubs))
    : wanted.hubs;
  if (allocationPolicy === 'custom') return askWebhook(wanted, candidates);
  return { hub: await POLICIES[allocationPolicy ?? 'hashed'](candidates, wanted.registrationId) };
}

/** @type {Record<string, (hubs: import('./linked-hub.js').LinkedHub[], id: string) => any>} */
const POLICIES = {
  hashed(hubs, registrationId) {
    const hash = createHash('sha256').update(registrationId.toLowerCase()).digest();
    return hubs[hash.readUInt32BE() % hubs.length];
  },

  /** The hub that responds first. */
  geoLatency: (hubs) =>
    Promise.any(
      hubs.map(async (hub) => {
        await hub.ping();
        return hub;
      }),
    ),

  static: ([first]) => first,
};

function hubOf(name, hubs) {
  const hub = hubs.find(({ hostname }) => hostname === name);
  if (hub) return hub;
  const names = hubs.map(({ hostname }) => hostname).join(', ');
  throw new AllocationError(`No hub "${name}" is linked. The linked hubs are: ${names}.`);
}

async function askWebhook(wanted, hubs) {
  try {
    const { iotHubHostName, initialTwin, payload } = await callWebhook(wanted, hubs);
    return { hub: hubOf(iotHubHostName, hubs), initialTwin, payload };
  } catch (error) {
    throw new AllocationError(
      `Custom allocation failed: ${error.message}`,
      CUSTOM_ALLOCATION_FAILED,
    );
  }
}

/** @returns {Promise<any>} */
async function callWebhook({ enrollment, registrationId, previous, payload }, hubs) {
  const { enrollmentGroupId, attestation, customAllocationDefinition } = enrollment;
  const kind = enrollmentGroupId === undefined ? 'individualEnrollment' : 'enrollmentGroup';
  const response = await fetch(customAllocationDefinition?.webhookUrl ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      [kind]: withoutSecrets(enrollment),
      deviceRuntimeContext: {
        registrationId,
        currentIotHubHostName: previous?.assignedHub,
        currentDeviceId: previous?.deviceId,
        [attestation.type]: {},
        payload,
      },
      linkedHubs: hubs.map(({ hostname }) => hostname),
    }),
    signal: AbortSignal.timeout(WEBHOOK_TIMEOUT),
  });
  if (!response.ok) throw new Error(`the webhook responded with ${response.status}`);
  return response.json();
}

/** An enrollment without its keys. */
export function withoutSecrets({ attestation, ...enrollment }) {
  const { type, x509 } = attestation;
  return { ...enrollment, attestation: x509 ? { type, x509 } : { type, symmetricKey: {} } };
}
