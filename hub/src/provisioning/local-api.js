import { requireRights } from '../access.js';
import { addConnectionLogApi } from '../log-api.js';
import { describeScope } from '../openapi.js';
import { addRegistrationFaultApi } from './fault-api.js';

const PATH = '/local/registrations/:registrationId';

/**
 * Private endpoints for tests: what a client that registers did, and its faults.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('../server.js').Hub} hub
 */
export function addRegistrationLocalApi(app, hub) {
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    requireRights(scope, hub, ['ServiceConnect']);
    describeScope(scope, { tags: ['private'] });
    const find = ({ params }) => hub.provisioning.registrant(params.registrationId);
    addConnectionLogApi(scope, PATH, find);
    addRegistrationFaultApi(scope, PATH, find);
  });
}
