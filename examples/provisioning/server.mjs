// Keeps the key of an enrollment group, and returns tokens to pages that register as devices.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { deriveDeviceKey } from 'iothub-device-client';
import { createSasToken } from './sas-token.mjs';

const { PROVISIONING_HOST = 'global.azure-devices-provisioning.net' } = process.env;
const { PROVISIONING_IDSCOPE: idScope, PROVISIONING_GROUP_KEY: groupKey } = process.env;
const { PROVISIONING_REGISTRATION_ID: registrationId = 'page-1' } = process.env;
const { IOTHUB_ENDPOINT: endpoint, PORT = '3000' } = process.env;
if (!idScope || !groupKey) {
  throw new Error('Set PROVISIONING_IDSCOPE and PROVISIONING_GROUP_KEY, the key of a group.');
}
const key = deriveDeviceKey(groupKey, registrationId);

/** What this user's device may request a token for: its registration, and itself at any hub. */
const mayHave = (/** @type {string} */ resource) =>
  resource === `${idScope}/registrations/${registrationId}` ||
  /^[\w.-]+\/devices\/(.*)$/.exec(resource)?.[1] === registrationId;

const server = fastify();
server.addHook('onRequest', async (request, reply) => {
  // Check the login of your own users here, and find the registration id that belongs to them.
  reply.header('cache-control', 'no-store');
});
server.get('/my-registration.json', () => ({
  provisioningHost: PROVISIONING_HOST,
  idScope,
  registrationId,
  endpoint,
}));
server.get('/my-registration-token', (request, reply) => {
  const { resource } = /** @type {{ resource?: unknown }} */ (request.query);
  if (typeof resource !== 'string' || !mayHave(resource)) return reply.code(403).send();
  console.log('returned a token for', resource);
  return createSasToken(resource, key, 600);
});

const page = fileURLToPath(new URL('./page', import.meta.url));
const client = dirname(fileURLToPath(import.meta.resolve('iothub-device-client')));
server.register(fastifyStatic, { root: page });
server.register(fastifyStatic, { root: client, prefix: '/client/', decorateReply: false });
console.log('open', await server.listen({ host: '127.0.0.1', port: Number(PORT) }));

process.once('SIGINT', () => server.close());
