import { HubError } from '../errors.js';
import { IF_MATCH } from '../identity-json.js';
import { empty, registrationErrors as errors } from '../openapi.js';
import { PAGE_REQUEST, pageOf, takePage } from '../paging.js';
import { parseQuery, runQuery } from '../query.js';
import { QUERY } from '../query-api.js';
import { withoutSecrets } from './allocation.js';

export const READ = { rights: ['EnrollmentRead'] };
export const WRITE = { rights: ['EnrollmentWrite'] };
const ENROLLMENT = { $ref: 'Enrollment#' };

/**
 * What the routes of one kind of enrollment need; `name` is the name of the collection.
 * @typedef {{name: 'enrollments' | 'enrollmentGroups', kind: string,
 *            idName: 'registrationId' | 'enrollmentGroupId',
 *            enrollments: import('./enrollments.js').Enrollments,
 *            describe: (enrollment: import('./enrollments.js').Enrollment) => object}} Kind
 */

/**
 * Creates, reads, updates, deletes and queries enrollments.
 * @param {import('fastify').FastifyInstance} app
 * @param {Kind} kind
 */
export function addEnrollmentApi(app, kind) {
  addOne(app, `/${kind.name}/:id`, kind);
  addAttestation(app, `/${kind.name}/:id/attestationmechanism`, kind);
  addQuery(app, kind);
}

function addOne(app, path, { kind, idName, enrollments, describe }) {
  app.put(
    path,
    {
      config: WRITE,
      schema: {
        summary: `Creates ${kind}, or with If-Match updates it; missing keys are created`,
        headers: IF_MATCH,
        body: ENROLLMENT,
        response: { 200: ENROLLMENT, ...errors(404, 409, 412) },
      },
    },
    ({ body, headers, params: { id } }) => {
      if ((body[idName] ?? id) !== id) {
        throw new HubError('ArgumentInvalid', `${idName} in the body is not the one in the path.`);
      }
      return enrollments.put({ ...body, [idName]: id }, headers['if-match']);
    },
  );

  app.get(
    path,
    {
      config: READ,
      schema: {
        summary: `Returns ${kind}, without keys`,
        response: { 200: ENROLLMENT, ...errors(404) },
      },
    },
    ({ params }) => describe(enrollments.get(params.id)),
  );

  app.delete(
    path,
    {
      config: WRITE,
      schema: {
        summary: `Deletes ${kind}`,
        headers: IF_MATCH,
        response: { 204: empty('It is deleted.'), ...errors(404, 412) },
      },
    },
    ({ headers, params }, reply) => {
      enrollments.delete(params.id, headers['if-match']);
      reply.code(204).send();
    },
  );
}

/**
 * The keys are requested with POST.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path
 * @param {Kind} kind
 */
export function addAttestation(app, path, { kind, enrollments }) {
  const schema = {
    summary: `Returns the attestation of ${kind}, with its keys`,
    response: { 200: { $ref: 'Attestation#' }, ...errors(404) },
  };
  app.post(path, { config: READ, schema }, ({ params }) => enrollments.get(params.id).attestation);
}

function addQuery(app, { name, enrollments, describe }) {
  const schema = {
    summary: `Runs a query over ${name}`,
    headers: PAGE_REQUEST,
    body: QUERY,
    response: pageOf(ENROLLMENT),
  };
  app.post(`/${name}/query`, { config: READ, schema }, async (request, reply) => {
    const query = await parseQuery(request.body.query);
    if (query.from !== name.toLowerCase()) {
      throw new HubError('ArgumentInvalid', `The query must be FROM ${name} here.`);
    }
    const rows = runQuery(query, enrollments.all.map(describe));
    return takePage(
      rows,
      name === 'enrollments' ? 'Enrollment' : 'EnrollmentGroup',
      request,
      reply,
    );
  });
}

/** An enrollment with the result of its registration, without its keys. */
export const describeWith = (registrations) => (enrollment) => ({
  ...withoutSecrets(enrollment),
  ...(enrollment.registrationId && {
    registrationState: registrations.find(enrollment.registrationId),
  }),
});
