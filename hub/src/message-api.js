import { HubError } from './errors.js';
import { errors } from './openapi.js';

const ACKS = ['none', 'positive', 'negative', 'full'];

/**
 * Cloud-to-device messages, and messages to inputs of modules. The service accepts them over AMQP.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} devicePath
 * @param {string} modulePath
 * @param {(request: {params: Record<string, any>}) => import('./identity.js').Identity} find
 */
export function addMessageApi(app, devicePath, modulePath, find) {
  const addSend = (path, summary) =>
    app.post(path, { schema: { ...SEND, summary } }, (request, reply) => {
      const { input } = request.params;
      const { body, bodyBase64, ...options } = request.body;
      const message = toMessage(payloadOf(body, bodyBase64), { ...options, input });
      const sequenceNumber = find(request).messages.enqueue(message);
      reply.code(201);
      return { messageId: request.body.messageId, sequenceNumber };
    });
  addSend(`${devicePath}/messages`, 'Queues a cloud-to-device message');
  addSend(`${modulePath}/inputs/:input`, 'Queues a message to an input of the module');
}

function payloadOf(body, bodyBase64) {
  if (body !== undefined && bodyBase64 !== undefined) {
    throw new HubError('ArgumentInvalid', 'give body or bodyBase64, not both');
  }
  return bodyBase64 === undefined ? Buffer.from(body ?? '') : Buffer.from(bodyBase64, 'base64');
}

/**
 * @param {Buffer} payload
 * @param {Record<string, any>} options
 * @returns {import('./message-queue.js').OutgoingMessage}
 */
export function toMessage(
  payload,
  { expiryTimeUtc, ack, properties = {}, input, ...systemProperties },
) {
  const expiry = expiryTimeUtc === undefined ? undefined : new Date(expiryTimeUtc);
  if (Number.isNaN(expiry?.getTime())) {
    throw new HubError('ArgumentInvalid', 'expiryTimeUtc is not an ISO 8601 date');
  }
  return {
    payload,
    systemProperties,
    properties: { ...(ack && ack !== 'none' && { 'iothub-ack': ack }), ...properties },
    expiryTimeUtc: expiry,
    input,
  };
}

const TEXT = { type: 'string' };

const SEND = {
  params: {
    type: 'object',
    properties: {
      deviceId: TEXT,
      moduleId: TEXT,
      input: { type: 'string', pattern: '^[^/+#]+$' },
    },
  },
  body: {
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
      expiryTimeUtc: { type: 'string', description: 'ISO 8601' },
      ack: { enum: ACKS },
      properties: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
    },
  },
  response: {
    201: {
      type: 'object',
      properties: { messageId: TEXT, sequenceNumber: { type: 'integer' } },
    },
    ...errors(403, 404, 413),
  },
};
