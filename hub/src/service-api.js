import { requireRights } from './access.js';
import { HubError } from './errors.js';
import { addFeedbackApi } from './feedback-api.js';
import { answerErrors } from './http.js';
import { describeScope } from './openapi.js';
import { OWNER } from './policies.js';
import { addQueryApi } from './query-api.js';
import { addRegistryApi } from './registry-api.js';
import { addMethodApi, addTwinApi } from './twin-api.js';

/** The query parameters of every call to the service's own API. */
export const API_VERSION = {
  'api-version': { type: 'string', description: 'required, such as 2021-04-12' },
};

/**
 * The part of the service's REST API that back ends use.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addServiceApi(app, hub) {
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    scope.addHook('onRequest', requireApiVersion);
    requireRights(scope, hub, OWNER);
    describeScope(scope, { tags: ['service'], querystring: API_VERSION });
    addMethodApi(scope, hub);
    scope.register(async (/** @type {import('fastify').FastifyInstance} */ inner) => {
      answerErrors(inner, (error) => error.toServiceBody());
      for (const addApi of [addRegistryApi, addTwinApi, addQueryApi, addFeedbackApi]) {
        addApi(inner, hub);
      }
    });
  });
}

/** Refuses a call to the service's own API without an api-version. */
export async function requireApiVersion({ query }) {
  if (query['api-version']) return;
  throw new HubError('InvalidProtocolVersion', 'The query has no api-version.');
}
