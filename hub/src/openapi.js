import { readFileSync } from 'node:fs';
import fastify from 'fastify';
import { AUTHENTICATION, IDENTITY } from './identity-json.js';
import {
  ATTESTATION,
  ENROLLMENT,
  REGISTRATION_ERROR,
  REGISTRATION_STATE,
} from './provisioning/enrollment-json.js';
import { TWIN } from './twin-json.js';

export const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

const ERROR = {
  type: 'object',
  description: 'The header iothub-errorcode contains the inner code, too.',
  required: ['Message', 'ExceptionMessage'],
  properties: {
    Message: {
      type: 'string',
      description: 'ErrorCode:{code};{status}, or as JSON text {errorCode, trackingId, message}',
    },
    ExceptionMessage: { type: 'string', description: 'what was wrong, unless Message says it' },
  },
};

const COMPONENTS = {
  Attestation: ATTESTATION,
  Authentication: AUTHENTICATION,
  Enrollment: ENROLLMENT,
  Error: ERROR,
  Identity: IDENTITY,
  RegistrationError: REGISTRATION_ERROR,
  RegistrationState: REGISTRATION_STATE,
  Twin: TWIN,
};

const DESCRIPTION =
  'The HTTP API of the hub for devices, back ends and tests; MQTT is at /$iothub/websocket. ' +
  'The tags service, files, blobs and provisioning are the API of the real services; ' +
  'private is what these do over AMQP, or not at all.';

/** @type {import('openapi-types').OpenAPIV3_1.ApiKeySecurityScheme} */
const SAS = {
  type: 'apiKey',
  in: 'header',
  name: 'authorization',
  description: 'SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}',
};

/** The errors that a route can return besides 400 and 401, for its `schema.response`. */
export const errors = (...statuses) =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: 'Error#' }]));

/** The errors of a route of the provisioning service. */
export const registrationErrors = (...statuses) =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: 'RegistrationError#' }]));

/** Errors with any status, which faults can request. */
export const anyError = { '4xx': { $ref: 'Error#' }, '5xx': { $ref: 'Error#' } };

/** A response without a body, for a `schema.response`. */
export const empty = (description) => ({ type: 'null', description });

/**
 * Adds `GET /openapi.json` to the server, generated from the schemas of the routes that are added
 * later.
 * @param {import('fastify').FastifyInstance} app
 */
export function describeRoutes(app) {
  addComponents(app);
  /** @type {import('fastify').RouteOptions[]} */
  const routes = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  const schema = {
    summary: 'This document',
    tags: ['private'],
    response: { 200: { type: 'object', description: 'OpenAPI 3.1' } },
  };
  app.get('/openapi.json', { schema }, () => documentOf(routes));
}

/** @param {import('fastify').FastifyInstance} app */
function addComponents(app) {
  // The schemas of responses describe them; they must not filter them.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  for (const [$id, schema] of Object.entries(COMPONENTS)) app.addSchema({ $id, ...schema });
}

/**
 * A separate server, created by the first request: most hubs, especially those of tests, never need
 * the document, and start faster without it.
 * @param {import('fastify').RouteOptions[]} routes
 */
async function documentOf(routes) {
  const { default: swagger } = await import('@fastify/swagger');
  const app = fastify({ exposeHeadRoutes: false });
  addComponents(app);
  app.setValidatorCompiler(() => () => true);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'iothub-local', version, description: DESCRIPTION },
      components: { securitySchemes: { sas: SAS } },
    },
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
  });
  for (const { method, url, schema, handler } of routes) {
    app.route({ method, url, schema, handler });
  }
  await app.ready();
  return app.swagger();
}

/** Adds the common parts of all routes of a scope to their schemas. */
export function describeScope(
  scope,
  { tags, isSecured = true, querystring = {}, response = errors(400, 401) },
) {
  scope.addHook('onRoute', (route) => {
    route.schema = {
      tags,
      ...(isSecured && { security: [{ sas: [] }] }),
      ...route.schema,
      querystring: {
        type: 'object',
        ...route.schema?.querystring,
        properties: { ...querystring, ...route.schema?.querystring?.properties },
      },
      response: { ...response, ...route.schema?.response },
    };
  });
}
