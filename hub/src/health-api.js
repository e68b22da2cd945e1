import { version } from './openapi.js';

/**
 * `GET /health`, for containers and scripts that wait for the hub. Like any response, this waits
 * until the store has written: a hub that cannot save is not healthy.
 * @param {import('fastify').FastifyInstance} app
 */
export function addHealthApi(app) {
  app.get('/health', { schema: SCHEMA }, () => ({ status: 'ok', version }));
}

const SCHEMA = {
  summary: 'Responds when the hub is up; needs no token',
  tags: ['private'],
  response: {
    200: {
      type: 'object',
      properties: { status: { enum: ['ok'] }, version: { type: 'string' } },
    },
  },
};
