// Keeps the key of a device, and returns tokens that are valid for minutes to pages that may act as
// the device.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { createSasToken } from './sas-token.mjs';

const { IOTHUB_DEVICE_CONNECTION_STRING = '', IOTHUB_ENDPOINT } = process.env;
const { PORT = '3000', TOKEN_SECONDS = '600' } = process.env;
const parts = IOTHUB_DEVICE_CONNECTION_STRING.split(';').map((part) => part.split(/=(.*)/s));
const { HostName: hostname, DeviceId: deviceId, SharedAccessKey: key } = Object.fromEntries(parts);
if (!hostname || !deviceId || !key) {
  throw new Error(
    'Set IOTHUB_DEVICE_CONNECTION_STRING to the connection string of a device, with its key.',
  );
}

const server = fastify();
server.addHook('onRequest', async (request, reply) => {
  // Check the login of your own users here: anyone with a token can act as the device.
  reply.header('cache-control', 'no-store');
});
server.get('/my-device.json', () => ({ hostname, deviceId, endpoint: IOTHUB_ENDPOINT }));
server.get('/my-device-token', () => {
  const token = createSasToken({ key, hostname, deviceId, seconds: Number(TOKEN_SECONDS) });
  console.log('gave a token for', deviceId);
  return token;
});

const page = fileURLToPath(new URL('./page', import.meta.url));
const client = dirname(fileURLToPath(import.meta.resolve('iothub-device-client')));
server.register(fastifyStatic, { root: page });
server.register(fastifyStatic, { root: client, prefix: '/client/', decorateReply: false });
console.log('open', await server.listen({ host: '127.0.0.1', port: Number(PORT) }));

process.once('SIGINT', () => server.close());
