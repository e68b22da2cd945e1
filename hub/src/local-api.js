import { CONTAINER } from './blob-store.js';
import { HubError } from './errors.js';
import { addFaultApi, addHubFaultApi } from './fault-api.js';
import { AUTHENTICATION, settingsOf } from './service-api.js';
import { addSettingsApi } from './settings.js';

const ACKS = ['none', 'positive', 'negative', 'full'];
const READ_LIFETIME = 60 * 60 * 1000;
const DEVICE_PATH = '/local/devices/:deviceId';
const MODULE_PATH = `${DEVICE_PATH}/modules/:moduleId`;

/**
 * Private endpoints for what the real service does over AMQP, or not at all.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addLocalApi(app, hub) {
  const find = ({ params }) => hub.devices.get(params.deviceId, params.moduleId);

  app.get('/local/hub', () => {
    const { hostname, endpoints, policies, authority } = hub;
    return { hostname, ...endpoints, policies, ca: authority?.cert };
  });
  addSettingsApi(app, hub);
  addHubFaultApi(app, hub);
  for (const path of [DEVICE_PATH, MODULE_PATH]) {
    app.put(path, { schema: { body: IDENTITY } }, ({ params, body }) =>
      describeCreated(hub, hub.devices.ensure(params, body ? settingsOf(body) : undefined)),
    );
    app.get(path, (request) => describeState(find(request)));
    addLogs(app, path, find);
    app.post(`${path}/disconnect`, { schema: { querystring: DISCONNECT_QUERY } }, (request) => {
      const { connection } = find(request);
      const how = request.query.how ?? 'close';
      connection?.[how]('as it was asked for');
      return { dropped: connection !== null };
    });
    app.post(`${path}/certificate`, (request) => {
      const { id } = find(request);
      if (hub.authority) return hub.authority.issueForClient(id);
      throw new HubError('NotFound', 'A hub without TLS issues no certificates.');
    });
    addFaultApi(app, path, find);
  }
  for (const path of [`${DEVICE_PATH}/messages`, `${MODULE_PATH}/inputs/:input`]) {
    app.post(path, { schema: { params: MESSAGE_PARAMS, body: MESSAGE } }, (request, reply) => {
      const { input } = request.params;
      const message = { ...readMessage(request.body), input };
      const sequenceNumber = find(request).messages.enqueue(message);
      reply.code(201);
      return { messageId: request.body.messageId, sequenceNumber };
    });
  }
  app.get(`${DEVICE_PATH}/uploads`, { schema: { querystring: LOG_QUERY } }, async (request) => {
    const uploads = await find(request).uploads.read(logQueryOf(request));
    return { uploads: uploads.map((upload) => describeUpload(upload, request, hub.blobs)) };
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

function describeState({ isConnected, connections, filters, messages }) {
  return {
    connected: isConnected,
    connections,
    subscriptions: filters,
    pendingMessages: messages.pending,
  };
}

function addLogs(app, path, find) {
  const options = { schema: { querystring: LOG_QUERY } };
  app.get(`${path}/telemetry`, options, async (request) => ({
    messages: await find(request).telemetry.read(logQueryOf(request)),
  }));
  app.get(`${path}/packets`, options, async (request) => {
    const { type, direction } = request.query;
    const query = { ...logQueryOf(request), type, direction };
    return { packets: await find(request).packets.read(query) };
  });
  app.get(`${path}/connections`, options, async (request) => ({
    connections: await find(request).connectionLog.read(logQueryOf(request)),
  }));
}

/** With a URL that opens the blob, if it was stored, for whoever wants to see it. */
function describeUpload(upload, { protocol, host }, blobs) {
  const { blobName } = upload;
  const blob = blobs.find(blobName);
  const path = blobName.split('/').map(encodeURIComponent).join('/');
  const token = blobs.sign(blobName, Date.now() + READ_LIFETIME);
  return {
    ...upload,
    blobSizeInBytes: blob?.size ?? null,
    blobUrl: blob ? `${protocol}://${host}/${CONTAINER}/${path}${token}` : null,
  };
}

function logQueryOf({ query: { after, count, timeout }, gone }) {
  const number = (text) => (text === undefined ? undefined : Number(text));
  return { after: number(after), count: number(count), timeout: number(timeout), signal: gone };
}

function readMessage({ body, bodyBase64, expiryTimeUtc, ack, properties = {}, ...rest }) {
  if (body !== undefined && bodyBase64 !== undefined) {
    throw new HubError('ArgumentInvalid', 'give body or bodyBase64, not both');
  }
  const expiry = expiryTimeUtc === undefined ? undefined : new Date(expiryTimeUtc);
  if (Number.isNaN(expiry?.getTime())) {
    throw new HubError('ArgumentInvalid', 'expiryTimeUtc is no ISO 8601 date');
  }
  return {
    payload: bodyBase64 === undefined ? Buffer.from(body ?? '') : Buffer.from(bodyBase64, 'base64'),
    systemProperties: rest,
    properties: { ...(ack && ack !== 'none' && { 'iothub-ack': ack }), ...properties },
    expiryTimeUtc: expiry,
  };
}

const LOG_QUERY = {
  type: 'object',
  properties: {
    after: { type: 'string', pattern: '^\\d+$' },
    count: { type: 'string', pattern: '^[1-9]\\d*$' },
    timeout: { type: 'string', pattern: '^\\d{1,6}(\\.\\d+)?$' },
    type: { type: 'string' },
    direction: { enum: ['in', 'out'] },
  },
};

const DISCONNECT_QUERY = {
  type: 'object',
  properties: { how: { enum: ['reset', 'close'] } },
};

const IDENTITY = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { authentication: AUTHENTICATION },
};

const MESSAGE_PARAMS = {
  type: 'object',
  properties: { input: { type: 'string', pattern: '^[^/+#]+$' } },
};

const TEXT = { type: 'string' };

const MESSAGE = {
  type: 'object',
  additionalProperties: false,
  properties: {
    body: TEXT,
    bodyBase64: { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' },
    messageId: TEXT,
    correlationId: TEXT,
    userId: TEXT,
    contentType: TEXT,
    contentEncoding: TEXT,
    expiryTimeUtc: TEXT,
    ack: { enum: ACKS },
    properties: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
  },
};
