import { HubError } from './errors.js';
import { errors } from './openapi.js';

/**
 * The endpoint with which tests make things go wrong for one device or module.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the identity
 * @param {(request: object) => import('./identity.js').Identity} find
 */
export function addFaultApi(app, path, find) {
  app.post(`${path}/faults`, { schema: SCHEMA }, (request) => {
    const identity = find(request);
    const { send, sendText, redeliver, halfOpen, twinStatus, body, ...changes } = request.body;
    if (twinStatus !== undefined) changes.twinAnswer = { status: twinStatus, body };
    identity.faults.change(changes);
    identity.connection?.watchExpiry();
    if (send !== undefined) connectionOf(identity).sendRaw(Buffer.from(send, 'hex'));
    if (sendText !== undefined) connectionOf(identity).sendRaw(sendText);
    if (redeliver) identity.messages.redeliver(redeliver.messageId);
    if (halfOpen) connectionOf(identity).goHalfOpen();
    return identity.faults;
  });
}

function connectionOf(identity) {
  if (identity.connection) return identity.connection;
  throw new HubError('DeviceNotOnline', `"${identity.id}" is not connected.`);
}

const FAULTS = {
  type: 'object',
  additionalProperties: false,
  dependencies: { body: ['twinStatus'] },
  properties: {
    withhold: {
      type: 'array',
      items: { enum: ['puback', 'suback', 'twin', 'pingresp', 'connack'] },
    },
    connack: { type: 'integer', minimum: 1, maximum: 5 },
    refuseUpgrade: { type: 'boolean' },
    frameSize: { type: 'integer', minimum: 1 },
    twinStatus: { type: 'integer', minimum: 100, maximum: 999 },
    body: {},
    filesStatus: { type: 'integer', minimum: 400, maximum: 599 },
    noStorage: { type: 'boolean' },
    clock: { type: 'integer' },
    clear: { type: 'boolean' },
    send: { type: 'string', pattern: '^([0-9A-Fa-f]{2})+$' },
    sendText: { type: 'string' },
    redeliver: {
      type: 'object',
      additionalProperties: false,
      properties: { messageId: { type: 'string' } },
    },
    halfOpen: { const: true },
  },
};

const SCHEMA = {
  summary: 'Makes things go wrong until {clear: true}; gives what is on',
  body: FAULTS,
  response: { 200: { type: 'object' }, ...errors(404) },
};
