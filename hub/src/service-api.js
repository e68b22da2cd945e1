import { HubError } from './errors.js';
import { Subscription } from './topics.js';

const NEVER = '0001-01-01T00:00:00Z';

/**
 * The part of the service's REST API that back ends use: registry, twins, direct methods.
 * @param {import('fastify').FastifyInstance} app
 * @param {{devices: import('./devices.js').DeviceRegistry}} hub
 */
export function addServiceApi(app, { devices }) {
  const find = (request) => devices.get(request.params.deviceId);

  app.put('/devices/:deviceId', { schema: { body: DEVICE } }, (request) => {
    const { body, params } = request;
    if ((body.deviceId ?? params.deviceId) !== params.deviceId) {
      throw new HubError('ArgumentInvalid', 'deviceId in the body is not the one in the path');
    }
    const { status, statusReason, authentication, capabilities } = body;
    const settings = {
      status,
      statusReason,
      isEdge: capabilities?.iotEdge,
      primaryKey: authentication?.symmetricKey?.primaryKey || undefined,
      secondaryKey: authentication?.symmetricKey?.secondaryKey || undefined,
    };
    if (!request.headers['if-match']) {
      return describeDevice(devices.create({ deviceId: params.deviceId, ...settings }));
    }
    const device = find(request);
    checkEtag(request, device.etag);
    device.update(settings);
    return describeDevice(device);
  });

  app.get('/devices/:deviceId', (request) => describeDevice(find(request)));

  app.delete('/devices/:deviceId', (request, reply) => {
    const device = find(request);
    checkEtag(request, device.etag);
    devices.delete(device);
    reply.code(204).send();
  });

  app.get('/twins/:deviceId', (request) => describeTwin(find(request)));

  for (const [method, replace] of [['PATCH', false], ['PUT', true]]) {
    app.route({
      method,
      url: '/twins/:deviceId',
      schema: { body: TWIN },
      handler: (request) => {
        const device = find(request);
        checkEtag(request, device.twin.etag);
        const desired = device.twin.writeFromService(request.body, { replace });
        if (desired) {
          device.push(
            Subscription.DESIRED,
            `$iothub/twin/PATCH/properties/desired/?$version=${desired.$version}`,
            JSON.stringify(desired),
          );
        }
        return describeTwin(device);
      },
    });
  }

  app.post('/twins/:deviceId/methods', { schema: { body: METHOD } }, (request) => {
    const device = find(request);
    if (!device.isEnabled) {
      throw new HubError('DeviceNotFound', `The device "${device.deviceId}" is disabled.`);
    }
    return device.methods.invoke(request.body, request.gone);
  });
}

/** `If-Match` holds an etag in quotes, or `*` with or without them. */
function checkEtag(request, etag) {
  const expected = request.headers['if-match']?.replace(/^"(.*)"$/, '$1') ?? '*';
  if (expected !== '*' && expected !== etag) {
    throw new HubError('PreconditionFailed', `The etag is "${etag}", not "${expected}".`);
  }
}

function describeDevice(device) {
  const { deviceId, generationId, etag, primaryKey, secondaryKey } = device;
  return {
    deviceId,
    generationId,
    etag,
    ...describeState(device),
    connectionStateUpdatedTime: NEVER,
    authentication: {
      symmetricKey: { primaryKey, secondaryKey },
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      type: 'sas',
    },
  };
}

function describeTwin(device) {
  const { deviceId, etag, modelId, twin } = device;
  return {
    deviceId,
    etag: twin.etag,
    deviceEtag: etag,
    ...describeState(device),
    authenticationType: 'sas',
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
    modelId,
    version: twin.version,
    tags: twin.tags,
    properties: { desired: twin.desired.toService(), reported: twin.reported.toService() },
  };
}

function describeState(device) {
  return {
    status: device.status,
    statusReason: device.statusReason,
    statusUpdatedTime: NEVER,
    connectionState: device.isConnected ? 'Connected' : 'Disconnected',
    lastActivityTime: device.lastActivity?.toISOString() ?? NEVER,
    cloudToDeviceMessageCount: device.messages.pending,
    capabilities: { iotEdge: device.isEdge },
  };
}

const DEVICE = {
  type: 'object',
  properties: {
    deviceId: { type: 'string' },
    status: { enum: ['enabled', 'disabled'] },
    statusReason: { type: ['string', 'null'] },
    capabilities: { type: 'object', properties: { iotEdge: { type: 'boolean' } } },
    authentication: {
      type: 'object',
      properties: {
        symmetricKey: {
          type: 'object',
          properties: {
            primaryKey: { type: ['string', 'null'] },
            secondaryKey: { type: ['string', 'null'] },
          },
        },
      },
    },
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
