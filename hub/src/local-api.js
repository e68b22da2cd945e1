import { requireRights } from './access.js';
import { HubError } from './errors.js';
import { addFaultApi, addHubFaultApi } from './fault-api.js';
import { settingsOf } from './identity-json.js';
import { addLogApi } from './log-api.js';
import { addMessageApi } from './message-api.js';
import { describeScope, errors } from './openapi.js';
import { OWNER } from './policies.js';
import { addSettingsApi } from './settings.js';
import { describeAnyMessage, describeMessage } from './telemetry.js';
import { addTelemetryStream } from './telemetry-stream.js';
import { addUploadApi } from './upload-api.js';

const DEVICE_PATH = '/local/devices/:deviceId';
const MODULE_PATH = `${DEVICE_PATH}/modules/:moduleId`;

/**
 * Local endpoints for what the real service does over AMQP or does not offer.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addLocalApi(app, hub) {
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    requireRights(scope, hub, ['ServiceConnect']);
    describeScope(scope, { tags: ['private'] });
    const find = ({ params }) => hub.devices.get(params.deviceId, params.moduleId);
    addHub(scope, hub);
    const logOfAll = () => hub.devices.telemetry;
    addTelemetryStream(scope, '/local/telemetry/stream', logOfAll, describeAnyMessage, hub);
    for (const path of [DEVICE_PATH, MODULE_PATH]) {
      addIdentity(scope, path, hub, find);
      addDisconnect(scope, path, find);
      addLogApi(scope, path, find);
      const logOf = (request) => find(request).telemetry.log;
      addTelemetryStream(scope, `${path}/telemetry/stream`, logOf, describeMessage, hub);
      addFaultApi(scope, path, find);
    }
    addMessageApi(scope, DEVICE_PATH, MODULE_PATH, find);
    addUploadApi(scope, DEVICE_PATH, find, hub.blobs);
  });
}

function addHub(app, hub) {
  app.get('/local/hub', { config: { rights: OWNER }, schema: HUB }, () => {
    const { hostname, endpoints, policies, authority } = hub;
    return { hostname, ...endpoints, policies, ca: authority?.cert };
  });
  addSettingsApi(app, hub);
  addHubFaultApi(app, hub);
}

function addIdentity(app, path, hub, find) {
  app.put(path, { config: { rights: OWNER }, schema: CREATE }, ({ params, body }) =>
    describeCreated(hub, hub.devices.ensure(params, body ? settingsOf(body) : undefined)),
  );

  app.get(path, { schema: READ }, (request) => {
    const { isConnected, connections, filters, messages } = find(request);
    return {
      connected: isConnected,
      connections,
      subscriptions: filters,
      pendingMessages: messages.pending,
    };
  });

  const certify = { config: { rights: OWNER }, schema: CERTIFY };
  app.post(`${path}/certificate`, certify, (request) => {
    const { id } = find(request);
    if (hub.authority) return hub.authority.issueForClient(id);
    throw new HubError('NotFound', 'A hub without TLS issues no certificates.');
  });
}

function describeCreated({ hostname, endpoints }, identity) {
  const { deviceId, moduleId, primaryKey, authenticationType } = identity;
  const key = identity.usesSas ? { primaryKey } : undefined;
  const { endpoint, secureEndpoint } = endpoints;
  return {
    deviceId,
    moduleId,
    ...key,
    authentication: key ? undefined : { type: authenticationType },
    connectionString: identity.connectionString(hostname),
    endpoint,
    secureEndpoint,
  };
}

function addDisconnect(app, path, find) {
  app.post(`${path}/disconnect`, { schema: DISCONNECT }, (request) => {
    const { connection } = find(request);
    const how = request.query.how ?? 'close';
    connection?.[how]('by a call to the local API');
    return { dropped: connection !== null };
  });
}

const TEXT = { type: 'string' };
const BOOLEAN = { type: 'boolean' };
const INTEGER = { type: 'integer' };

const ENDPOINTS = { endpoint: TEXT, secureEndpoint: TEXT };

const KEYS = { type: 'object', properties: { primaryKey: TEXT, secondaryKey: TEXT } };

const HUB = {
  summary: 'What clients of the hub need to know; only for the owner',
  response: {
    200: {
      type: 'object',
      properties: {
        hostname: TEXT,
        url: TEXT,
        secureUrl: TEXT,
        ...ENDPOINTS,
        policies: { type: 'object', additionalProperties: KEYS },
        ca: { type: 'string', description: 'PEM' },
      },
    },
  },
};

const CREATE = {
  summary: 'Creates the device, or device and module, unless they exist',
  body: {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: { authentication: { $ref: 'Authentication#' } },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        deviceId: TEXT,
        moduleId: TEXT,
        primaryKey: TEXT,
        authentication: { $ref: 'Authentication#' },
        connectionString: TEXT,
        ...ENDPOINTS,
      },
    },
  },
};

const READ = {
  summary: 'Returns whether it is connected, and its subscriptions',
  response: {
    200: {
      type: 'object',
      properties: {
        connected: BOOLEAN,
        connections: { type: 'integer', description: 'how many were accepted so far' },
        subscriptions: { type: 'array', items: TEXT },
        pendingMessages: INTEGER,
      },
    },
    ...errors(404),
  },
};

const CERTIFY = {
  summary: 'Issues a certificate of the local authority; only for the owner',
  response: {
    200: {
      type: 'object',
      properties: { cert: TEXT, key: TEXT, sha1Thumbprint: TEXT, sha256Thumbprint: TEXT },
    },
    ...errors(404),
  },
};

const DISCONNECT = {
  summary: 'Drops the connection',
  querystring: {
    type: 'object',
    properties: {
      how: {
        enum: ['reset', 'close'],
        description: 'a TCP reset, or by default a WebSocket close',
      },
    },
  },
  response: { 200: { type: 'object', properties: { dropped: BOOLEAN } }, ...errors(404) },
};
