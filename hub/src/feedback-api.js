import { HubError } from './errors.js';
import { empty, errors } from './openapi.js';

const PATH = '/messages/serviceBound/feedback';
const CONFIG = { rights: ['ServiceConnect'] };

/**
 * The operations on cloud-to-device messages that the service offers over HTTP: feedback, purge.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addFeedbackApi(app, { devices, feedback }) {
  app.get(PATH, { config: CONFIG, schema: RECEIVE }, (request, reply) => {
    const batch = feedback.receive();
    if (!batch) return reply.code(204).send();
    return reply.header('etag', `"${batch.lockToken}"`).send(batch.records);
  });

  const settle = (method, url, summary, work) =>
    app.route({
      method,
      url,
      config: CONFIG,
      schema: { summary, response: { 204: empty('It is done.'), ...errors(412) } },
      handler: ({ params }, reply) => {
        if (work(params.lockToken)) return reply.code(204).send();
        throw new HubError('DeviceMessageLockLost', 'There is no such lock, or it has expired.');
      },
    });
  const path = `${PATH}/:lockToken`;
  settle('DELETE', path, 'Removes received feedback', (lockToken) => feedback.complete(lockToken));
  settle('POST', `${path}/abandon`, 'Returns received feedback to the queue', (lockToken) =>
    feedback.abandon(lockToken),
  );

  app.delete('/devices/:deviceId/commands', { config: CONFIG, schema: PURGE }, ({ params }) => {
    const { deviceId } = params;
    return { totalMessagesPurged: devices.get(deviceId).messages.purge(), deviceId };
  });
}

const TEXT = { type: 'string' };

const RECEIVE = {
  summary: 'Receives feedback, and locks it for a minute; the lock is the etag',
  response: {
    200: {
      description: 'up to 64 records',
      headers: { etag: TEXT },
      type: 'array',
      items: {
        type: 'object',
        properties: {
          originalMessageId: TEXT,
          deviceId: TEXT,
          deviceGenerationId: TEXT,
          statusCode: TEXT,
          description: TEXT,
          enqueuedTimeUtc: TEXT,
        },
      },
    },
    204: empty('There is no feedback.'),
  },
};

const PURGE = {
  summary: 'Removes all pending cloud-to-device messages of a device',
  response: {
    200: {
      type: 'object',
      properties: { totalMessagesPurged: { type: 'integer' }, deviceId: TEXT },
    },
    ...errors(404),
  },
};
