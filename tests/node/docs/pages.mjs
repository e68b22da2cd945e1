/** A server that returns to pages their device and its tokens. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

import { createSasToken as signResource } from '../../../examples/provisioning/sas-token.mjs';
import { createSasToken } from '../../../examples/token-server/sas-token.mjs';
import { hub } from './programs.mjs';

const client = dirname(fileURLToPath(import.meta.resolve('iothub-device-client')));

/**
 * Serves the requests of the guide's pages. Resolves with its address.
 * @param {import('../../../scripts/start/back-end.mjs').BackEnd} backEnd
 * @param {{html?: string, folder?: string, endpoint?: string, lifetimes?: number[],
 *   registrant?: Record<string, string>}} options
 *   `html` is the page, or `folder` all that is served; `lifetimes` are those of the first tokens,
 *   in seconds; `registrant` is a device of the provisioning service, of `createRegistrant`
 */
export async function serveDevice(t, backEnd, options = {}) {
  const { html, folder, endpoint, lifetimes = [], registrant = {} } = options;
  const { deviceId, primaryKey: key } = backEnd;
  const { hostname } = hub;
  const server = fastify({ forceCloseConnections: true });
  if (html) server.get('/', (_, reply) => reply.type('text/html').send(html));
  server.get('/favicon.ico', (_, reply) => reply.code(204).send());
  server.get('/my-device.json', () => ({
    hostname,
    deviceId,
    endpoint: endpoint ?? backEnd.endpoint,
  }));
  server.get('/my-device-token', () => {
    const seconds = lifetimes.shift() ?? 600;
    return createSasToken({ key, hostname, deviceId, seconds });
  });
  server.get('/my-registration.json', () => ({
    provisioningHost: 'dps.example',
    idScope: hub.idScope,
    registrationId: registrant.PROVISIONING_REGISTRATION_ID,
    endpoint: hub.endpoint,
  }));
  server.get('/my-registration-token', ({ query: { resource } }) =>
    signResource(resource, registrant.PROVISIONING_SYMMETRIC_KEY, 600),
  );
  server.register(fastifyStatic, { root: client, prefix: '/client/' });
  if (folder) server.register(fastifyStatic, { root: folder, decorateReply: false });
  t.after(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}
