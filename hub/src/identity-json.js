import { normalizeThumbprint } from './access.js';
import { HubError } from './errors.js';

/** What the service returns for an unknown time. */
export const NEVER = '0001-01-01T00:00:00Z';
const NO_KEYS = { primaryKey: null, secondaryKey: null };

/**
 * The settings in an identity that a back end sends.
 * @param {Record<string, any>} body
 */
export function settingsOf({ status, statusReason, managedBy, capabilities, authentication = {} }) {
  const { symmetricKey, x509Thumbprint } = authentication;
  const thumbprint = (name) => {
    const text = x509Thumbprint?.[name] ?? authentication[name];
    return text ? normalizeThumbprint(text) : null;
  };
  const thumbprints = {
    primaryThumbprint: thumbprint('primaryThumbprint'),
    secondaryThumbprint: thumbprint('secondaryThumbprint'),
  };
  const hasThumbprint = Object.values(thumbprints).some(Boolean);
  return {
    status,
    statusReason,
    managedBy,
    isEdge: capabilities?.iotEdge,
    primaryKey: symmetricKey?.primaryKey || undefined,
    secondaryKey: symmetricKey?.secondaryKey || undefined,
    authenticationType: authentication.type ?? (hasThumbprint ? 'selfSigned' : 'sas'),
    thumbprints,
  };
}

/**
 * Refuses a write that was meant for another state than the current one.
 * @param {string | undefined} expected as in `If-Match`: in quotes or not, `*` for any
 * @param {string} etag the current one
 */
export function checkEtag(expected = '*', etag) {
  const bare = expected.replace(/^"?(.*?)"?$/, '$1');
  if (bare !== '*' && bare !== etag) {
    throw new HubError('PreconditionFailed', `The etag is "${etag}", not "${bare}".`);
  }
}

/** A device or module as the registry returns it. */
export function describeIdentity(identity) {
  const { deviceId, moduleId, generationId, etag, primaryKey, secondaryKey } = identity;
  const keys = identity.usesSas ? { primaryKey, secondaryKey } : NO_KEYS;
  return {
    deviceId,
    ...(moduleId !== undefined && { moduleId, managedBy: identity.managedBy }),
    generationId,
    etag,
    ...describeState(identity),
    statusUpdatedTime: NEVER,
    connectionStateUpdatedTime: NEVER,
    authentication: {
      symmetricKey: keys,
      x509Thumbprint: identity.thumbprints,
      type: identity.authenticationType,
    },
  };
}

/** The members that registry and twin have in common. */
export function describeState(identity) {
  return {
    status: identity.status,
    statusReason: identity.statusReason,
    connectionState: identity.isConnected ? 'Connected' : 'Disconnected',
    lastActivityTime: identity.lastActivity?.toISOString() ?? NEVER,
    cloudToDeviceMessageCount: identity.messages.pending,
    ...(identity.moduleId === undefined && { capabilities: { iotEdge: identity.isEdge } }),
  };
}

const KEY = { type: ['string', 'null'], description: 'base64' };

const THUMBPRINT = {
  type: ['string', 'null'],
  pattern: '^$|^([0-9A-Fa-f]{2}[: ]?){20}$|^([0-9A-Fa-f]{2}[: ]?){32}$',
  description: 'SHA-1 or SHA-256, hexadecimal',
};

export const THUMBPRINTS = {
  type: 'object',
  properties: { primaryThumbprint: THUMBPRINT, secondaryThumbprint: THUMBPRINT },
};

/** How an identity authenticates. Thumbprints may also be next to the type. */
export const AUTHENTICATION = {
  type: 'object',
  properties: {
    type: { enum: ['sas', 'selfSigned', 'certificateAuthority'] },
    symmetricKey: { type: 'object', properties: { primaryKey: KEY, secondaryKey: KEY } },
    x509Thumbprint: THUMBPRINTS,
    ...THUMBPRINTS.properties,
  },
};

const STATUS = {
  status: { enum: ['enabled', 'disabled'] },
  statusReason: { type: ['string', 'null'] },
  capabilities: { type: 'object', properties: { iotEdge: { type: 'boolean' } } },
};

/** The schema of what `settingsOf` reads. */
export const SETTINGS = {
  ...STATUS,
  managedBy: { type: 'string', description: 'of a module' },
  authentication: { $ref: 'Authentication#' },
};

/** The schema of what `describeState` returns. */
export const STATE = {
  ...STATUS,
  connectionState: { enum: ['Connected', 'Disconnected'] },
  lastActivityTime: { type: 'string' },
  cloudToDeviceMessageCount: { type: 'integer' },
};

/** The condition of a write. */
export const IF_MATCH = {
  type: 'object',
  properties: { 'if-match': { type: 'string', description: 'the etag in quotes, or *' } },
};

/** A device, or with `moduleId` a module. */
export const IDENTITY = {
  type: 'object',
  properties: {
    deviceId: { type: 'string' },
    moduleId: { type: 'string' },
    managedBy: { type: 'string' },
    generationId: { type: 'string' },
    etag: { type: 'string' },
    ...STATE,
    statusUpdatedTime: { type: 'string' },
    connectionStateUpdatedTime: { type: 'string' },
    authentication: { $ref: 'Authentication#' },
  },
};
