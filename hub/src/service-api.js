import { normalizeThumbprint } from './access.js';
import { HubError } from './errors.js';
import { Subscription } from './topics.js';

const NEVER = '0001-01-01T00:00:00Z';
const DEVICE_PATH = '/:deviceId';
const MODULE_PATH = '/:deviceId/modules/:moduleId';

/**
 * The part of the service's REST API that back ends use: registry, twins, direct methods.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addServiceApi(app, { devices }) {
  app.get('/devices/:deviceId/modules', (request) => {
    const { modules } = devices.get(request.params.deviceId);
    return [...modules.values()].map(describeIdentity);
  });
  for (const path of [DEVICE_PATH, MODULE_PATH]) {
    addRegistry(app, `/devices${path}`, devices);
    addTwins(app, `/twins${path}`, devices);
    addMethods(app, `/twins${path}/methods`, devices);
  }
}

const find = (devices, { params }) => devices.get(params.deviceId, params.moduleId);

function addRegistry(app, path, devices) {
  app.put(path, { schema: { body: IDENTITY } }, (request) => {
    const { body, params } = request;
    for (const name of ['deviceId', 'moduleId']) {
      if ((body[name] ?? params[name]) === params[name]) continue;
      throw new HubError('ArgumentInvalid', `${name} in the body is not the one in the path`);
    }
    const settings = settingsOf(body);
    if (!request.headers['if-match']) {
      return describeIdentity(devices.create({ ...params, ...settings }));
    }
    const identity = find(devices, request);
    checkEtag(request, identity.etag);
    identity.update(settings);
    return describeIdentity(identity);
  });

  app.get(path, (request) => describeIdentity(find(devices, request)));

  app.delete(path, (request, reply) => {
    const identity = find(devices, request);
    checkEtag(request, identity.etag);
    devices.delete(identity);
    reply.code(204).send();
  });
}

function addTwins(app, path, devices) {
  app.get(path, (request) => describeTwin(find(devices, request)));

  for (const [method, replace] of [['PATCH', false], ['PUT', true]]) {
    app.route({
      method,
      url: path,
      schema: { body: TWIN },
      handler: (request) => {
        const identity = find(devices, request);
        checkEtag(request, identity.twin.etag);
        const desired = identity.twin.writeFromService(request.body, { replace });
        if (desired) {
          identity.push(
            Subscription.DESIRED,
            `$iothub/twin/PATCH/properties/desired/?$version=${desired.$version}`,
            JSON.stringify(desired),
          );
        }
        return describeTwin(identity);
      },
    });
  }
}

function addMethods(app, path, devices) {
  app.post(path, { schema: { body: METHOD } }, (request) => {
    const identity = find(devices, request);
    const { deviceId, isEnabled } = devices.get(request.params.deviceId);
    if (!isEnabled) throw new HubError('DeviceNotFound', `The device "${deviceId}" is disabled.`);
    return identity.methods.invoke(request.body, request.gone);
  });
}

/** What the registry keeps of the identity that a back end sends. */
export function settingsOf({ status, statusReason, capabilities, authentication = {} }) {
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
    isEdge: capabilities?.iotEdge,
    primaryKey: symmetricKey?.primaryKey || undefined,
    secondaryKey: symmetricKey?.secondaryKey || undefined,
    authenticationType: authentication.type ?? (hasThumbprint ? 'selfSigned' : 'sas'),
    thumbprints,
  };
}

/** `If-Match` holds an etag in quotes, or `*` with or without them. */
function checkEtag(request, etag) {
  const expected = request.headers['if-match']?.replace(/^"(.*)"$/, '$1') ?? '*';
  if (expected !== '*' && expected !== etag) {
    throw new HubError('PreconditionFailed', `The etag is "${etag}", not "${expected}".`);
  }
}

function describeIdentity(identity) {
  const { deviceId, moduleId, generationId, etag, primaryKey, secondaryKey } = identity;
  const keys = identity.usesSas ? { primaryKey, secondaryKey } : NO_KEYS;
  return {
    deviceId,
    ...(moduleId !== undefined && { moduleId, managedBy: '' }),
    generationId,
    etag,
    ...describeState(identity),
    connectionStateUpdatedTime: NEVER,
    authentication: {
      symmetricKey: keys,
      x509Thumbprint: identity.thumbprints,
      type: identity.authenticationType,
    },
  };
}

function describeTwin(identity) {
  const { deviceId, moduleId, etag, modelId, twin } = identity;
  return {
    deviceId,
    ...(moduleId !== undefined && { moduleId }),
    etag: twin.etag,
    deviceEtag: etag,
    ...describeState(identity),
    authenticationType: identity.authenticationType,
    x509Thumbprint: identity.thumbprints,
    modelId,
    version: twin.version,
    tags: twin.tags,
    properties: { desired: twin.desired.toService(), reported: twin.reported.toService() },
  };
}

function describeState(identity) {
  return {
    status: identity.status,
    statusReason: identity.statusReason,
    statusUpdatedTime: NEVER,
    connectionState: identity.isConnected ? 'Connected' : 'Disconnected',
    lastActivityTime: identity.lastActivity?.toISOString() ?? NEVER,
    cloudToDeviceMessageCount: identity.messages.pending,
    ...(identity.moduleId === undefined && { capabilities: { iotEdge: identity.isEdge } }),
  };
}

const NO_KEYS = { primaryKey: null, secondaryKey: null };

const KEY = { type: ['string', 'null'] };

const THUMBPRINT = {
  type: ['string', 'null'],
  pattern: '^$|^([0-9A-Fa-f]{2}[: ]?){20}$|^([0-9A-Fa-f]{2}[: ]?){32}$',
};

const THUMBPRINTS = { primaryThumbprint: THUMBPRINT, secondaryThumbprint: THUMBPRINT };

/** How an identity proves who it is; thumbprints may stand beside the type, too. */
export const AUTHENTICATION = {
  type: 'object',
  properties: {
    type: { enum: ['sas', 'selfSigned', 'certificateAuthority'] },
    symmetricKey: { type: 'object', properties: { primaryKey: KEY, secondaryKey: KEY } },
    x509Thumbprint: { type: 'object', properties: THUMBPRINTS },
    ...THUMBPRINTS,
  },
};

const IDENTITY = {
  type: 'object',
  properties: {
    deviceId: { type: 'string' },
    moduleId: { type: 'string' },
    status: { enum: ['enabled', 'disabled'] },
    statusReason: { type: ['string', 'null'] },
    capabilities: { type: 'object', properties: { iotEdge: { type: 'boolean' } } },
    authentication: AUTHENTICATION,
  },
};

const TWIN = {
  type: 'object',
  properties: {
    tags: { type: 'object' },
    properties: { type: 'object', properties: { desired: { type: 'object' } } },
  },
};

const METHOD = {
  type: 'object',
  required: ['methodName'],
  properties: {
    methodName: { type: 'string', minLength: 1, maxLength: 1024 },
    responseTimeoutInSeconds: { type: 'integer' },
    connectTimeoutInSeconds: { type: 'integer' },
  },
};
