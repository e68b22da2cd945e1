import { HubError } from './errors.js';

const ACKS = ['none', 'positive', 'negative', 'full'];

/**
 * Private endpoints for what the real service does over AMQP, or not at all.
 * @param {import('fastify').FastifyInstance} app
 * @param {{hostname: string, endpoint: () => string,
 *          devices: import('./devices.js').DeviceRegistry}} hub
 */
export function addLocalApi(app, { hostname, endpoint, devices }) {
  const find = (request) => devices.get(request.params.deviceId);
  const path = '/local/devices/:deviceId';

  app.put(path, (request) => {
    const { deviceId } = request.params;
    const { primaryKey } = devices.find(deviceId) ?? devices.create({ deviceId });
    const connectionString =
      `HostName=${hostname};DeviceId=${deviceId};SharedAccessKey=${primaryKey}`;
    return { deviceId, primaryKey, connectionString, endpoint: endpoint() };
  });

  app.get(path, (request) => {
    const { isConnected, connections, filters, messages } = find(request);
    return {
      connected: isConnected,
      connections,
      subscriptions: filters,
      pendingMessages: messages.pending,
    };
  });

  app.get(`${path}/telemetry`, { schema: { querystring: LOG_QUERY } }, async (request) => {
    const query = numbersOf(request.query);
    return { messages: await find(request).telemetry.read({ ...query, signal: request.gone }) };
  });

  app.get(`${path}/packets`, { schema: { querystring: LOG_QUERY } }, async (request) => {
    const { type, direction } = request.query;
    const query = { ...numbersOf(request.query), type, direction, signal: request.gone };
    return { packets: await find(request).packets.read(query) };
  });

  app.post(`${path}/messages`, { schema: { body: MESSAGE } }, (request, reply) => {
    const device = find(request);
    const sequenceNumber = device.messages.enqueue(readMessage(request.body));
    reply.code(201);
    return { messageId: request.body.messageId, sequenceNumber };
  });

  app.post(`${path}/disconnect`, { schema: { querystring: DISCONNECT_QUERY } }, (request) => {
    const { connection } = find(request);
    const how = request.query.how ?? 'close';
    connection?.[how]('as it was asked for');
    return { dropped: connection !== null };
  });

  app.post(`${path}/faults`, { schema: { body: FAULTS } }, (request) => {
    const { faults } = find(request);
    faults.change(request.body);
    return faults;
  });
}

function numbersOf({ after, count, timeout }) {
  const number = (text) => (text === undefined ? undefined : Number(text));
  return { after: number(after), count: number(count), timeout: number(timeout) };
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

const FAULTS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    withhold: {
      type: 'array',
      items: { enum: ['puback', 'suback', 'twin', 'pingresp', 'connack'] },
    },
    connack: { type: 'integer', minimum: 1, maximum: 5 },
    refuseUpgrade: { type: 'boolean' },
    clear: { type: 'boolean' },
  },
};
