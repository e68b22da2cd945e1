import { isIP } from 'node:net';
import ajvCompiler from '@fastify/ajv-compiler';
import cors from '@fastify/cors';
import fastify from 'fastify';
import { HubError } from './errors.js';
import { describeRoutes } from './openapi.js';

const compilerOf = ajvCompiler();
/** Compiled schemas, by their text. */
const compiled = new Map();

/**
 * Compiles the schema of a route when its first request arrives, once per process. Compiling all of
 * them would take most of the time of a start, and a test, which often starts its own hub, calls
 * only a few routes.
 */
function buildValidator(externalSchemas, options) {
  return (route) => {
    const key = JSON.stringify(route.schema);
    /** @type {any} */
    const validate = (value) => {
      if (!compiled.has(key)) compiled.set(key, compilerOf(externalSchemas, options)(route));
      const isValid = compiled.get(key)(value);
      validate.errors = compiled.get(key).errors;
      return isValid;
    };
    return validate;
  };
}

/**
 * Creates the HTTP server, which accepts JSON as back ends send it and returns errors as the
 * service does.
 * @param {import('./server.js').Hub} hub
 * @param {string[] | undefined} names that requests may use for the hub; any, if undefined
 */
export async function createHttpServer({ store }, names) {
  const app = fastify({
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    schemaController: { compilersFactory: { buildValidator } },
  });
  parseEmptyJson(app);

  // Ends waiting requests of a client that has disconnected.
  app.decorateRequest('gone');
  app.addHook('onRequest', async (request, reply) => {
    const gone = new AbortController();
    request.gone = gone.signal;
    reply.raw.once('close', () => gone.abort());
  });

  // No response may report anything that killing the process could undo.
  app.addHook('onSend', (request, reply, payload, done) => store.whenSaved(() => done()));

  answerErrors(app, (error) => error.toHttpBody());
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0];
    throw new HubError('NotFound', `There is no ${request.method} ${path} here.`);
  });

  if (names) refuseOtherNames(app, names);
  protectBrowsers(app);
  // Calls are protected by their token, which a foreign page does not have: any origin is allowed.
  await app.register(cors, {
    origin: '*',
    methods: 'GET, HEAD, POST, PUT, PATCH, DELETE',
    exposedHeaders: '*',
    strictPreflight: false,
  });
  describeRoutes(app);
  return app;
}

/** Responds to errors in a scope with the body that `toBody` returns. */
export function answerErrors(scope, toBody) {
  scope.setErrorHandler((thrown, request, reply) => {
    const error = asHubError(thrown);
    reply.code(error.status).header('iothub-errorcode', error.code).send(toBody(error));
  });
}

function asHubError(error) {
  if (error instanceof HubError) return error;
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new HubError('ArgumentInvalid', 'The content-type must be application/json.');
  }
  const isClientError = error.statusCode >= 400 && error.statusCode < 500;
  return new HubError(isClientError ? 'ArgumentInvalid' : 'ServerError', error.message);
}

/** Service clients send a content type even without a body. */
function parseEmptyJson(app) {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) =>
    text === '' ? done(null) : parseJson(request, text, done),
  );
}

/** Whether only this machine can reach the address. */
export const isLoopback = (host) =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/** The name or address in a `Host` header, without port and brackets. */
export const nameOf = (hostname) => hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();

/**
 * Against DNS rebinding: another site may point its own name at this machine, and its pages would
 * then have the same origin as the hub. Addresses are safe.
 */
export function refuseOtherNames(app, names) {
  app.addHook('onRequest', async ({ hostname }) => {
    const name = nameOf(hostname);
    if (isIP(name) || names.includes(name)) return;
    throw new HubError(
      'ArgumentInvalid',
      `Requested Host is not supported: it is "${name}", not ${names.join(', ')} or an address.`,
    );
  });
}

/**
 * Browsers must treat what devices and back ends sent as data, never as a page or script of the
 * hub.
 */
function protectBrowsers(app) {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' });
  });
}
