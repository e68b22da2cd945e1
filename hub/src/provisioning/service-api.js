import { requireRights } from '../access.js';
import { answerErrors } from '../http.js';
import { describeScope, registrationErrors as errors } from '../openapi.js';
import { OWNER } from '../policies.js';
import { API_VERSION, requireApiVersion } from '../service-api.js';
import { addEnrollments } from './enrollment-api.js';

/**
 * The API by which back ends manage enrollments, as the Device Provisioning Service has it.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('../server.js').Hub} hub
 */
export function addProvisioningApi(app, hub) {
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    scope.addHook('onRequest', requireApiVersion);
    requireRights(scope, hub, OWNER);
    answerErrors(scope, (error) => error.toDeviceBody());
    describeScope(scope, {
      tags: ['provisioning'],
      querystring: API_VERSION,
      response: errors(400, 401),
    });
    const { enrollments, groups } = hub.provisioning;
    addEnrollments(scope, '/enrollments', 'registrationId', enrollments);
    addEnrollments(scope, '/enrollmentGroups', 'enrollmentGroupId', groups);
  });
}
