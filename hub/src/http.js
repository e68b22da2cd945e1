import { isIP } from 'node:net';
import cors from '@fastify/cors';
import fastify from 'fastify';
import { HubError } from './errors.js';
import { describeRoutes } from './openapi.js';

/**
 * Makes the HTTP server: JSON as back ends send it, and errors as the service answers them.
 * @param {import('./server.js').Hub} hub
 * @param {string[] | undefined} names by which it may be asked, where it may not be by any
 */
export async function createHttpServer({ store }, names) {
  const app = fastify({
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  parseEmptyJson(app);

  // Ends what waits for a client that has gone.
  app.decorateRequest('gone');
  app.addHook('onRequest', async (request, reply) => {
    const gone = new AbortController();
    request.gone = gone.signal;
    reply.raw.once('close', () => gone.abort());
  });

  // No answer tells of anything that a kill could undo.
  app.addHook('onSend', (request, reply, payload, done) => store.whenSaved(() => done()));

  answerErrors(app, (error) => error.toHttpBody());
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0];
    throw new HubError('NotFound', `There is no ${request.method} ${path} here.`);
  });

  if (names) refuseOtherNames(app, names);
  protectBrowsers(app);
  // What protects a call is its token, which no page has by itself: pages may be of any origin.
  await app.register(cors, {
    origin: '*',
    methods: 'GET, HEAD, POST, PUT, PATCH, DELETE',
    exposedHeaders: '*',
    strictPreflight: false,
  });
  await describeRoutes(app);
  return app;
}

/** Answers the errors of a scope with what `toBody` makes of them. */
export function answerErrors(scope, toBody) {
  scope.setErrorHandler((thrown, request, reply) => {
    const error = asHubError(thrown);
    reply.code(error.status).header('iothub-errorcode', error.code).send(toBody(error));
  });
}

function asHubError(error) {
  if (error instanceof HubError) return error;
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new HubError('ArgumentInvalid', 'The content-type has to be application/json.');
  }
  const isClientError = error.statusCode >= 400 && error.statusCode < 500;
  return new HubError(isClientError ? 'ArgumentInvalid' : 'ServerError', error.message);
}

/** Service clients name a content type where they send nothing. */
function parseEmptyJson(app) {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) =>
    text === '' ? done(null) : parseJson(request, text, done),
  );
}

/** Whether nobody but this machine reaches the address. */
export const isLoopback = (host) =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/** The name or address in a `Host` header, without port and brackets. */
export const nameOf = (hostname) => hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();

/**
 * Against DNS rebinding: a page elsewhere may let its own name lead to this machine, and would then
 * be of the same origin as the hub. An address is no such name.
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

/** What devices and back ends sent is data for a browser, never a page or script of the hub's. */
function protectBrowsers(app) {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' });
  });
}
