import { errors } from './openapi.js';

/**
 * The history of a device or module at the hub; a reader can wait for more.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the identity
 * @param {(request: {params: Record<string, any>}) => import('./identity.js').Identity} find
 */
export function addLogApi(app, path, find) {
  app.get(`${path}/telemetry`, { schema: TELEMETRY }, async (request) => ({
    messages: await find(request).telemetry.read(queryOf(request)),
  }));
  addConnectionLogApi(app, path, find);
}

/**
 * The packets and connections of a device, module or registration id.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path
 * @param {(request: {params: Record<string, any>}) => import('./connection.js').Peer} find
 */
export function addConnectionLogApi(app, path, find) {
  app.get(`${path}/packets`, { schema: PACKETS }, async (request) => {
    const { type, direction } = request.query;
    const query = { ...queryOf(request), type, direction };
    return { packets: await find(request).packets.read(query) };
  });
  app.get(`${path}/connections`, { schema: CONNECTIONS }, async (request) => ({
    connections: await find(request).connectionLog.read(queryOf(request)),
  }));
}

/**
 * The arguments of `EventLog.read`, from the query of a request.
 * @param {{query: Record<string, any>, gone: AbortSignal}} request
 */
export function queryOf({ query: { after, count, timeout }, gone }) {
  const number = (text) => (text === undefined ? undefined : Number(text));
  return { after: number(after), count: number(count), timeout: number(timeout), signal: gone };
}

const TEXT = { type: 'string' };
const OPTIONAL_TEXT = { type: ['string', 'null'] };
const INTEGER = { type: 'integer' };
const BOOLEAN = { type: 'boolean' };
const TIME = { type: 'string', description: 'ISO 8601' };

/** The query parameters of every log. */
export const LOG_QUERY = {
  after: { type: 'string', pattern: '^\\d+$', description: 'skips up to this sequence number' },
  count: { type: 'string', pattern: '^[1-9]\\d*$', description: 'how many to wait for; default 1' },
  timeout: {
    type: 'string',
    pattern: '^\\d{1,6}(\\.\\d+)?$',
    description: 'for how many seconds to wait; default 0',
  },
};

/** The schema of a log's route. */
export const logSchema = (summary, name, properties, query = {}) => ({
  summary,
  querystring: { type: 'object', properties: { ...LOG_QUERY, ...query } },
  response: {
    200: {
      type: 'object',
      properties: { [name]: { type: 'array', items: { type: 'object', properties } } },
    },
    ...errors(404),
  },
});

/** The schema of a telemetry message as back ends read it. */
export const MESSAGE = {
  sequence: INTEGER,
  body: { type: 'string', description: 'base64' },
  text: { type: 'string', description: 'the body as UTF-8' },
  properties: { type: 'object', additionalProperties: OPTIONAL_TEXT },
  systemProperties: { type: 'object', additionalProperties: OPTIONAL_TEXT },
  dup: BOOLEAN,
  packetId: { type: ['integer', 'null'] },
  enqueuedTime: TIME,
  annotations: { type: 'object', description: "what the service adds, by the service's names" },
};

const TELEMETRY = logSchema(
  'Returns the telemetry, the newest 100,000 messages',
  'messages',
  MESSAGE,
);

const PACKETS = logSchema(
  'Returns the MQTT packets, the newest 10,000; payloads are base64, secrets are left out',
  'packets',
  {
    sequence: INTEGER,
    connection: { type: 'integer', description: 'counts CONNECT packets' },
    direction: { enum: ['in', 'out'] },
    frame: { type: 'integer', description: 'the WebSocket message that completed it' },
    time: TIME,
    cmd: TEXT,
  },
  {
    type: { type: 'string', description: 'only these: publish, puback, ...' },
    direction: { enum: ['in', 'out'] },
  },
);

const CONNECTIONS = logSchema('Returns the connections, the newest 1,000', 'connections', {
  sequence: INTEGER,
  connection: INTEGER,
  url: { type: 'string', description: 'of the upgrade request' },
  protocol: TEXT,
  secure: BOOLEAN,
  clientCertificate: BOOLEAN,
  accepted: BOOLEAN,
  closedBecause: { type: ['string', 'null'], description: 'null while it is open' },
});
