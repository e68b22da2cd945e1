import { requireRights } from '../access.js';
import { answerErrors } from '../http.js';
import { describeScope, registrationErrors as errors } from '../openapi.js';
import { OWNER } from '../policies.js';
import { API_VERSION, requireApiVersion } from '../service-api.js';
import { addBulkEnrollmentApi } from './bulk-api.js';
import { addAttestation, addEnrollmentApi, describeWith } from './enrollment-api.js';
import { addRegistrationApi } from './registration-api.js';

/**
 * The API for back ends that manage enrollments, as in the Device Provisioning Service.
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
    const [single, group] = kindsOf(hub.provisioning);
    for (const kind of [single, group]) {
      addEnrollmentApi(scope, kind);
      addBulkEnrollmentApi(scope, kind);
    }
    // Microsoft's Node.js client writes this path in lower case.
    addAttestation(scope, '/enrollmentgroups/:id/attestationmechanism', group);
    addRegistrationApi(scope, hub.provisioning);
  });
}

/** @returns {import('./enrollment-api.js').Kind[]} */
function kindsOf({ enrollments, groups, registrations }) {
  const describe = describeWith(registrations);
  return [
    {
      name: 'enrollments',
      kind: 'the enrollment of a device',
      idName: 'registrationId',
      enrollments,
      describe,
    },
    {
      name: 'enrollmentGroups',
      kind: 'an enrollment group',
      idName: 'enrollmentGroupId',
      enrollments: groups,
      describe,
    },
  ];
}
