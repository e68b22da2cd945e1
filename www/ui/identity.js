/** Turns typed or pasted text into an identity for the fleet. */

const HUB_POLICY =
  'This is the connection string of a hub policy: it gives access to every device, so keep it out ' +
  'of pages. Use that of one device: IoT hub → Devices → the device → Primary connection string.';

/**
 * @param {Record<string, string>} fields of the form
 * @param {string} [relay] where the page's server relays file uploads
 * @returns {object} what `fleet.add` takes
 */
export function identityOf(fields, relay) {
  const endpoint = fields.endpoint.trim();
  // A hub on this machine needs no relay.
  const httpEndpoint = fields.httpEndpoint.trim() || (endpoint ? undefined : relay);
  return {
    ...WAYS[fields.way](fields),
    ...(endpoint && { endpoint }),
    ...(httpEndpoint && { httpEndpoint }),
  };
}

/**
 * Ids of several devices: `{n}` in the pattern stands for the number of each.
 * @param {string} pattern such as `truck-{n}`
 * @param {number} first number
 * @param {number} count
 * @returns {string[]}
 */
export function idsByPattern(pattern, first, count) {
  if (count > 1 && !pattern.includes('{n}')) {
    throw new Error('The registration ids need {n}, the number of each device.');
  }
  return Array.from({ length: count }, (_, index) => pattern.replaceAll('{n}', `${first + index}`));
}

const WAYS = {
  connectionString: ({ connectionString }) => ({ connectionString: checked(connectionString) }),
  sasToken: ({ sasToken }) => ({ sasToken: sasToken.trim() }),
  key: ({ hostname, deviceId, moduleId, key }) => ({
    hostname: hostname.trim(),
    deviceId: deviceId.trim(),
    ...(moduleId && { moduleId: moduleId.trim() }),
    key: key.trim(),
  }),
};

/** The client checks it, too; this error says where to find the right one. */
function checked(text) {
  const connectionString = text.trim();
  const has = (name) => new RegExp(`(^|;)${name}=`, 'i').test(connectionString);
  if (!has('HostName')) {
    throw new Error('This is not a connection string: it must contain HostName=… and DeviceId=….');
  }
  if (!has('DeviceId')) throw new Error(HUB_POLICY);
  return connectionString;
}
