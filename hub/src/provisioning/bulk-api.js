import { HubError } from '../errors.js';
import { WRITE } from './enrollment-api.js';

const MAX_ENROLLMENTS = 10;
const MODES = ['create', 'update', 'updateIfMatchETag', 'delete'];

/**
 * Several changes in one call; each succeeds or fails on its own.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./enrollment-api.js').Kind} kind
 */
export function addBulkEnrollmentApi(app, { name, idName, enrollments }) {
  app.post(`/${name}`, { config: WRITE, schema: schemaOf(name, idName) }, ({ body }) => {
    const errors = body[name].flatMap((each) => {
      const error = whyFailed(enrollments, body.mode, each, each[idName]);
      if (!error) return [];
      const { errorCode, message } = error;
      return [{ [idName]: each[idName], errorCode, errorStatus: message }];
    });
    return { isSuccessful: errors.length === 0, errors };
  });
}

/** @returns {HubError | undefined} */
function whyFailed(enrollments, mode, enrollment, id) {
  const etag = mode === 'updateIfMatchETag' ? (enrollment.etag ?? '') : '*';
  try {
    if (mode === 'delete') enrollments.delete(id);
    else enrollments.put(enrollment, mode === 'create' ? undefined : etag);
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error;
    throw error;
  }
}

const schemaOf = (name, idName) => ({
  summary: `Creates, updates or deletes ${name}, ${MAX_ENROLLMENTS} at most`,
  body: {
    type: 'object',
    required: ['mode', name],
    properties: {
      mode: { enum: MODES },
      [name]: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_ENROLLMENTS,
        items: { $ref: 'Enrollment#' },
      },
    },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        isSuccessful: { type: 'boolean', description: 'whether every change succeeded' },
        errors: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              [idName]: { type: 'string' },
              errorCode: { type: 'integer' },
              errorStatus: { type: 'string' },
            },
          },
        },
      },
    },
  },
});
