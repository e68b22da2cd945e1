import { HubError } from './errors.js';
import { errors } from './openapi.js';

/**
 * The endpoint with which tests inject faults for one device or module.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the identity
 * @param {(request: {params: Record<string, any>}) => import('./identity.js').Identity} find
 */
export function addFaultApi(app, path, find) {
  app.post(`${path}/faults`, { schema: SCHEMA }, (request) => {
    const identity = find(request);
    const { redeliver, twinStatus, body, ...faults } = request.body;
    const twin = twinStatus === undefined ? {} : { twinAnswer: { status: twinStatus, body } };
    changeFaults(identity, { ...faults, ...twin });
    if (redeliver) identity.messages.redeliver(redeliver.messageId);
    return identity.faults;
  });
}

/**
 * Changes the faults of a device, module or registration id, and applies them to its connection
 * immediately.
 * @param {import('./connection.js').Peer} peer
 * @param {Record<string, any>} changes
 */
export function changeFaults(peer, { send, sendText, halfOpen, dropAt, ...faults }) {
  if (typeof dropAt === 'string') faults.dropAt = { step: dropAt, count: 1, how: 'close' };
  else if (dropAt) faults.dropAt = { count: 1, how: 'close', ...dropAt };
  peer.faults.change(faults);
  peer.connection?.watchExpiry();
  if (send !== undefined) connectionOf(peer).sendRaw(Buffer.from(send, 'hex'));
  if (sendText !== undefined) connectionOf(peer).sendRaw(sendText);
  if (halfOpen) connectionOf(peer).goHalfOpen();
}

/**
 * The endpoint with which tests inject faults for every device.
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

/** @param {import('./connection.js').Peer} peer */
function connectionOf(peer) {
  if (peer.connection) return peer.connection;
  throw new HubError('DeviceNotOnline', `"${peer.id}" is not connected.`);
}

const ANSWERS = ['connack', 'puback', 'suback', 'unsuback', 'pingresp'];
const REQUESTS = ['connect', 'publish', 'subscribe', 'unsubscribe', 'pingreq', 'disconnect'];

const SECONDS = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 };
const COUNT = { type: 'integer', minimum: 0 };
const CONNACK = { type: 'integer', minimum: 1, maximum: 5 };
const HTTP_STATUS = { type: 'integer', minimum: 200, maximum: 599 };

const membersOf = (names, schema) => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(names.map((name) => [name, schema])),
});

const dropAt = (step) => ({
  anyOf: [
    step,
    {
      type: 'object',
      required: ['step'],
      additionalProperties: false,
      properties: {
        step,
        count: { type: 'integer', minimum: 1 },
        how: { enum: ['close', 'reset'] },
      },
    },
  ],
});

/**
 * The schema of the faults of any connection.
 * @param {{answers: string[], requests: string[]}} kinds the responses besides those of MQTT, and
 *   the requests whose rate can be limited
 */
export function faultProperties({ answers, requests }) {
  const all = [...ANSWERS, ...answers];
  return {
    withhold: { type: 'array', items: { enum: all } },
    delay: membersOf(all, { type: 'integer', minimum: 0, maximum: 600_000 }),
    dropAt: dropAt({ enum: [...REQUESTS, ...all] }),
    connack: CONNACK,
    frameSize: { type: 'integer', minimum: 1 },
    mergeFor: { type: 'integer', minimum: 1, maximum: 60_000 },
    duplicate: { type: 'boolean' },
    clock: { type: 'integer' },
    rate: membersOf(requests, COUNT),
    forSeconds: SECONDS,
    clear: { type: 'boolean' },
    send: { type: 'string', pattern: '^([0-9A-Fa-f]{2})+$' },
    sendText: { type: 'string' },
    halfOpen: { const: true },
  };
}

const FAULTS = {
  type: 'object',
  additionalProperties: false,
  dependencies: { body: ['twinStatus'] },
  properties: {
    ...faultProperties({ answers: ['twin'], requests: ['telemetry', 'twin'] }),
    twinStatus: { type: 'integer', minimum: 100, maximum: 999 },
    body: {},
    methodStatus: HTTP_STATUS,
    filesStatus: HTTP_STATUS,
    noStorage: { type: 'boolean' },
    quota: COUNT,
    redeliver: membersOf(['messageId'], { type: 'string' }),
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
  summary: 'Injects faults for every device until {clear: true}; returns the active faults',
  body: HUB_FAULTS,
  response: { 200: { type: 'object' } },
};

const SCHEMA = {
  summary: 'Injects faults until {clear: true}; returns the active faults',
  body: FAULTS,
  response: { 200: { type: 'object' }, ...errors(404) },
};
