import { HubError } from './errors.js';
import { errors } from './openapi.js';

/**
 * The endpoint with which tests make things go wrong for one device or module.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the identity
 * @param {(request: {params: Record<string, any>}) => import('./identity.js').Identity} find
 */
export function addFaultApi(app, path, find) {
  app.post(`${path}/faults`, { schema: SCHEMA }, (request) => {
    const identity = find(request);
    const { send, sendText, redeliver, halfOpen, ...faults } = request.body;
    identity.faults.change(readFaults(faults));
    identity.connection?.watchExpiry();
    if (send !== undefined) connectionOf(identity).sendRaw(Buffer.from(send, 'hex'));
    if (sendText !== undefined) connectionOf(identity).sendRaw(sendText);
    if (redeliver) identity.messages.redeliver(redeliver.messageId);
    if (halfOpen) connectionOf(identity).goHalfOpen();
    return identity.faults;
  });
}

/**
 * The endpoint with which tests make things go wrong for every device.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addHubFaultApi(app, { faults }) {
  app.post('/local/hub/faults', { schema: HUB_SCHEMA }, ({ body }) => {
    const { refuseUpgrade, ...changes } = body;
    if (refuseUpgrade) changes.refuseUpgrade = refuseUpgrade === 'reset' ? 'reset' : 'http';
    faults.change(changes);
    return faults;
  });
}

/** @param {Record<string, any>} body */
function readFaults({ twinStatus, body, dropAt, ...faults }) {
  if (twinStatus !== undefined) faults.twinAnswer = { status: twinStatus, body };
  if (typeof dropAt === 'string') faults.dropAt = { step: dropAt, count: 1, how: 'close' };
  else if (dropAt) faults.dropAt = { count: 1, how: 'close', ...dropAt };
  return faults;
}

function connectionOf(identity) {
  if (identity.connection) return identity.connection;
  throw new HubError('DeviceNotOnline', `"${identity.id}" is not connected.`);
}

const ANSWERS = ['connack', 'puback', 'suback', 'unsuback', 'pingresp', 'twin'];
const REQUESTS = ['connect', 'publish', 'subscribe', 'unsubscribe', 'pingreq', 'disconnect'];

const SECONDS = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 };
const COUNT = { type: 'integer', minimum: 0 };
const CONNACK = { type: 'integer', minimum: 1, maximum: 5 };
const HTTP_STATUS = { type: 'integer', minimum: 200, maximum: 599 };
const STEP = { enum: [...REQUESTS, ...ANSWERS] };

const membersOf = (names, schema) => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(names.map((name) => [name, schema])),
});

const DROP_AT = {
  type: 'object',
  required: ['step'],
  additionalProperties: false,
  properties: {
    step: STEP,
    count: { type: 'integer', minimum: 1 },
    how: { enum: ['close', 'reset'] },
  },
};

const FAULTS = {
  type: 'object',
  additionalProperties: false,
  dependencies: { body: ['twinStatus'] },
  properties: {
    withhold: { type: 'array', items: { enum: ANSWERS } },
    delay: membersOf(ANSWERS, { type: 'integer', minimum: 0, maximum: 600_000 }),
    dropAt: { anyOf: [STEP, DROP_AT] },
    connack: CONNACK,
    frameSize: { type: 'integer', minimum: 1 },
    mergeFor: { type: 'integer', minimum: 1, maximum: 60_000 },
    duplicate: { type: 'boolean' },
    twinStatus: { type: 'integer', minimum: 100, maximum: 999 },
    body: {},
    methodStatus: HTTP_STATUS,
    filesStatus: HTTP_STATUS,
    noStorage: { type: 'boolean' },
    clock: { type: 'integer' },
    rate: membersOf(['telemetry', 'twin'], COUNT),
    quota: COUNT,
    forSeconds: SECONDS,
    clear: { type: 'boolean' },
    send: { type: 'string', pattern: '^([0-9A-Fa-f]{2})+$' },
    sendText: { type: 'string' },
    redeliver: membersOf(['messageId'], { type: 'string' }),
    halfOpen: { const: true },
  },
};

const HUB_FAULTS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    refuseUpgrade: { enum: [true, 'reset'] },
    connack: CONNACK,
    forSeconds: SECONDS,
    clear: { type: 'boolean' },
  },
};

const HUB_SCHEMA = {
  summary: 'Makes things go wrong for every device until {clear: true}; gives what is on',
  body: HUB_FAULTS,
  response: { 200: { type: 'object' } },
};

const SCHEMA = {
  summary: 'Makes things go wrong until {clear: true}; gives what is on',
  body: FAULTS,
  response: { 200: { type: 'object' }, ...errors(404) },
};
