import { randomBytes } from 'node:crypto';

const OWNER_OF_HUB = ['RegistryRead', 'RegistryWrite', 'ServiceConnect', 'DeviceConnect'];

/** Of the provisioning service, which has policies of its own; here its owner is that of the hub. */
const OWNER_OF_PROVISIONING = [
  ...['EnrollmentRead', 'EnrollmentWrite'],
  ...['RegistrationStatusRead', 'RegistrationStatusWrite'],
];

/** What each shared access policy of a new hub may do, as with the service. */
const RIGHTS = {
  iothubowner: [...OWNER_OF_HUB, ...OWNER_OF_PROVISIONING],
  service: ['ServiceConnect'],
  device: ['DeviceConnect'],
  registryRead: ['RegistryRead'],
  registryReadWrite: ['RegistryRead', 'RegistryWrite'],
};

/** The rights of the owner: all that there are. */
export const OWNER = RIGHTS.iothubowner;

const newKey = () => randomBytes(32).toString('base64');

/**
 * The keys of the shared access policies, by the names of these.
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

/** What service clients take, as the owner of the hub. */
export const serviceConnectionString = ({ hostname, policies }) =>
  [
    `HostName=${hostname}`,
    `SharedAccessKeyName=${OWNER_POLICY}`,
    `SharedAccessKey=${policies[OWNER_POLICY].primaryKey}`,
  ].join(';');

/** The rights that a policy lacks. */
export const missingRights = (policyName, rights) =>
  rights.filter((right) => !RIGHTS[policyName].includes(right));
