import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

const folder = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const HOST_NAMES = ['127.0.0.1', 'localhost'];

/** `ws:` only to this machine, as the client allows it; `wss:` for a hub of the reader's own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self' ws://127.0.0.1:* ws://localhost:* wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves the page of `www/` with the built package, and what the page asks of the hub's side.
 * @param {{backEnd: import('./back-end.mjs').BackEnd, port?: number}} options
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function servePage({ backEnd, port = 0 }) {
  const server = fastify({ forceCloseConnections: true });
  // A page elsewhere may let its own name lead here, and would be of this origin then.
  server.addHook('onRequest', async ({ hostname }, reply) => {
    if (HOST_NAMES.includes(hostname)) return undefined;
    return reply.code(400).send({ message: `Open it as ${HOST_NAMES.join(' or ')}.` });
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
  server.setErrorHandler((error, _request, reply) => {
    reply.status(error.statusCode ?? error.status ?? 500).send({ message: error.message });
  });
  server.register(fastifyStatic, { root: folder('www') });
  server.register(fastifyStatic, { root: folder('pkg'), prefix: '/pkg/', decorateReply: false });
  addBackEnd(server, backEnd);
  const url = await server.listen({ host: '127.0.0.1', port });
  return { url, close: () => server.close() };
}

/** The buttons of the page: the server asks the hub, so that the page needs no CORS. */
function addBackEnd(server, backEnd) {
  const { connectionString, endpoint } = backEnd;
  server.get('/device.json', () => ({ connectionString, endpoint }));
  server.post('/hub/messages', ({ body }) => backEnd.sendMessage(body));
  server.post('/hub/methods', ({ body }) => backEnd.invokeMethod(body.methodName, body.payload));
  server.post('/hub/desired', ({ body }) => backEnd.patchDesired(body));
  server.post('/hub/disconnect', ({ body }) => backEnd.drop(body.how));
}
