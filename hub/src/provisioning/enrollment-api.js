import { HubError } from '../errors.js';
import { IF_MATCH } from '../identity-json.js';
import { empty, registrationErrors as errors } from '../openapi.js';

const READ = { rights: ['EnrollmentRead'] };
const WRITE = { rights: ['EnrollmentWrite'] };

/**
 * Creates, reads, updates and deletes enrollments.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the collection
 * @param {'registrationId' | 'enrollmentGroupId'} idName
 * @param {import('./enrollments.js').Enrollments} enrollments
 */
export function addEnrollments(app, path, idName, enrollments) {
  const one = `${path}/:${idName}`;
  const kind = idName === 'registrationId' ? 'an enrollment' : 'an enrollment group';
  const enrollment = { $ref: 'Enrollment#' };

  app.put(
    one,
    {
      config: WRITE,
      schema: {
        summary: `Creates ${kind}, or with If-Match updates it`,
        headers: IF_MATCH,
        body: enrollment,
        response: { 200: enrollment, ...errors(404, 409, 412) },
      },
    },
    ({ body, headers, params }) => {
      if ((body[idName] ?? params[idName]) !== params[idName]) {
        throw new HubError('ArgumentInvalid', `${idName} in the body is not the one in the path.`);
      }
      return enrollments.put({ ...body, ...params }, headers['if-match']);
    },
  );

  app.get(
    one,
    {
      config: READ,
      schema: { summary: `Gives ${kind}`, response: { 200: enrollment, ...errors(404) } },
    },
    ({ params }) => enrollments.get(params[idName]),
  );

  app.delete(
    one,
    {
      config: WRITE,
      schema: {
        summary: `Deletes ${kind}`,
        headers: IF_MATCH,
        response: { 204: empty('It is deleted.'), ...errors(404, 412) },
      },
    },
    ({ headers, params }, reply) => {
      enrollments.delete(params[idName], headers['if-match']);
      reply.code(204).send();
    },
  );
}
