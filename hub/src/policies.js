import { randomBytes } from 'node:crypto';

const OWNER_OF_HUB = ['RegistryRead', 'RegistryWrite', 'ServiceConnect', 'DeviceConnect'];

/**
 * The rights in the provisioning service. The real service has separate policies; here it shares
 * the hub's owner.
 */
const OWNER_OF_PROVISIONING = [
  ...['EnrollmentRead', 'EnrollmentWrite'],
  ...['RegistrationStatusRead', 'RegistrationStatusWrite'],
];

/** The rights of each shared access policy of a new hub, as in the service. */
const RIGHTS = {
  iothubowner: [...OWNER_OF_HUB, ...OWNER_OF_PROVISIONING],
  service: ['ServiceConnect'],
  device: ['DeviceConnect'],
  registryRead: ['RegistryRead'],
  registryReadWrite: ['RegistryRead', 'RegistryWrite'],
};

/** The rights of the owner: all rights. */
export const OWNER = RIGHTS.iothubowner;

const newKey = () => randomBytes(32).toString('base64');

/**
 * The keys of the shared access policies, by policy name.
 * @typedef {Record<keyof typeof RIGHTS, {primaryKey: string, secondaryKey: string}>} Policies
 * @returns {Policies}
 */
export const createPolicies = () =>
  /** @type {Policies} */ (
    Object.fromEntries(
      Object.keys(RIGHTS).map((name) => [name, { primaryKey: newKey(), secondaryKey: newKey() }]),
    )
  );

/** The policy of the owner. */
export const OWNER_POLICY = 'iothubowner';

/** The connection string for service clients that act as the owner of the hub. */
export const serviceConnectionString = ({ hostname, policies }) =>
  [
    `HostName=${hostname}`,
    `SharedAccessKeyName=${OWNER_POLICY}`,
    `SharedAccessKey=${policies[OWNER_POLICY].primaryKey}`,
  ].join(';');

/** The rights that a policy lacks. */
export const missingRights = (policyName, rights) =>
  rights.filter((right) => !RIGHTS[policyName].includes(right));
