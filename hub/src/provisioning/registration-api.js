import { HubError } from '../errors.js';
import { checkEtag, IF_MATCH } from '../identity-json.js';
import { empty, registrationErrors as errors } from '../openapi.js';
import { PAGE_REQUEST, pageOf, takePage } from '../paging.js';

const READ = { rights: ['RegistrationStatusRead'] };
const WRITE = { rights: ['RegistrationStatusWrite'] };
const STATE = { $ref: 'RegistrationState#' };

/**
 * The results of registrations.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./service.js').ProvisioningService} service
 */
export function addRegistrationApi(app, { registrations, groups }) {
  const get = (id) => {
    const state = registrations.find(id);
    if (state) return state;
    throw new HubError('RegistrationNotFound', `There is no registration "${id}".`);
  };

  const read = {
    summary: 'Returns the result of a registration',
    response: { 200: STATE, ...errors(404) },
  };
  app.get('/registrations/:id', { config: READ, schema: read }, ({ params }) => get(params.id));

  const remove = {
    summary: 'Deletes a registration; the device stays in its hub',
    headers: IF_MATCH,
    response: { 204: empty('It is deleted.'), ...errors(404, 412) },
  };
  app.delete('/registrations/:id', { config: WRITE, schema: remove }, (request, reply) => {
    const { headers, params } = request;
    checkEtag(headers['if-match'], get(params.id).etag);
    registrations.delete(params.id);
    reply.code(204).send();
  });

  const list = {
    summary: 'Returns the registrations of a group, page by page',
    headers: PAGE_REQUEST,
    response: { ...pageOf(STATE), ...errors(404) },
  };
  app.post('/registrations/:id/query', { config: READ, schema: list }, (request, reply) => {
    const { enrollmentGroupId } = groups.get(request.params.id);
    const states = registrations.all.filter(
      ({ symmetricKey, x509 }) => (symmetricKey ?? x509)?.enrollmentGroupId === enrollmentGroupId,
    );
    return takePage(states, 'DeviceRegistration', request, reply);
  });
}
