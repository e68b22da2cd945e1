import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

import { relay } from '../../examples/cors-relay/relay.mjs';
import { simulatorFolder } from '../build-www.mjs';
import { localHub } from './local-hub.mjs';
import { acceptTunnels } from './tunnel.mjs';

const HOST_NAMES = ['127.0.0.1', 'localhost'];

const CHUNK = /^\/chunk-\w+\.js$/;

/** Files that are part of a page or worker, and have its policy. */
const PART = /^\/(chunk-\w+\.js|page\.js|style\.css|\w+\.wasm)$/;

/** Nothing is revalidated: a file is cached forever, or not at all. */
const STATIC = {
  preCompressed: true,
  acceptRanges: false,
  etag: false,
  lastModified: false,
  cacheControl: false,
};

/**
 * Serves the simulator, lets it use the local hub, relays its file uploads to hubs in Azure, and
 * opens more WebSockets for it than a browser can.
 * @param {object} options
 * @param {import('./back-end.mjs').LocalHub & {hostname: string, endpoint: string}} options.hub
 * @param {number} [options.port]
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function servePage({ hub, port = 0 }) {
  const server = fastify({ forceCloseConnections: true });
  // Another site may point its own name at this server, and its page would then have this origin.
  server.addHook('onRequest', async ({ hostname }, reply) => {
    if (HOST_NAMES.includes(hostname)) return undefined;
    return reply.code(400).send({ message: `Open this page as ${HOST_NAMES.join(' or ')}.` });
  });
  const policy = {
    'content-security-policy': `${policyOfThePage()}; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
  };
  server.addHook('onSend', async ({ url }, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      // Page and worker share chunks, whose names change with their content.
      'cache-control': CHUNK.test(url) ? 'max-age=31536000, immutable' : 'no-store',
      ...(!PART.test(url) && policy),
    });
  });
  server.setErrorHandler((error, _request, reply) => {
    reply.status(error.statusCode ?? error.status ?? 500).send({ message: error.message });
  });
  server.register(fastifyStatic, { ...STATIC, root: simulatorFolder });
  server.register(localHub, { hub });
  server.register(relay, {
    originOf: (hostname) => (hostname === hub.hostname ? hub.url : undefined),
  });
  const closeTunnels = acceptTunnels(server.server, {
    isAllowed: ({ host = '', origin }) =>
      HOST_NAMES.includes(host.split(':')[0]) && origin === `http://${host}`,
    endpoint: hub.endpoint,
  });
  const url = await server.listen({ host: '127.0.0.1', port });
  return {
    url,
    close() {
      closeTunnels();
      return server.close();
    },
  };
}

/** The page contains the same policy, for static hosts; only a header can forbid frames. */
function policyOfThePage() {
  const page = readFileSync(join(simulatorFolder, 'index.html'), 'utf8');
  return /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)[1];
}
