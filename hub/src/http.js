import fastify from 'fastify';
import { HubError } from './errors.js';

/**
 * Makes the HTTP server: JSON as back ends send it, and errors as the service answers them.
 * @param {import('./server.js').Hub} hub
 */
export function createHttpServer({ store }) {
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });

  // Service clients name a content type where they send nothing.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) =>
    text === '' ? done(null) : parseJson(request, text, done),
  );

  // Ends what waits for a client that has gone.
  app.decorateRequest('gone', null);
  app.addHook('onRequest', async (request, reply) => {
    const gone = new AbortController();
    request.gone = gone.signal;
    reply.raw.once('close', () => gone.abort());
  });

  // No answer tells of anything that a kill could undo.
  app.addHook('onSend', (request, reply, payload, done) => store.whenSaved(() => done()));

  app.setErrorHandler((error, request, reply) => sendError(reply, asHubError(error)));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    sendError(reply, new HubError('NotFound', `There is no ${request.method} ${path} here.`));
  });
  return app;
}

function asHubError(error) {
  if (error instanceof HubError) return error;
  const isClientError = error.statusCode >= 400 && error.statusCode < 500;
  return new HubError(isClientError ? 'ArgumentInvalid' : 'ServerError', error.message);
}

function sendError(reply, error) {
  reply.code(error.status).header('iothub-errorcode', error.code).send(error.toServiceBody());
}
