// The relay as a separate server, for pages of one origin.
import fastify from 'fastify';
import { relay } from './relay.mjs';

const { ALLOWED_ORIGIN: allowedOrigin, IOTHUB_ENDPOINT, PORT = '3001' } = process.env;
if (!allowedOrigin) {
  throw new Error('Set ALLOWED_ORIGIN to the origin of your page, such as https://example.com.');
}

// With a local hub, all calls go there.
const localHub = IOTHUB_ENDPOINT && new URL(IOTHUB_ENDPOINT.replace(/^ws/, 'http')).origin;
const server = fastify({ forceCloseConnections: true });
server.register(relay, { allowedOrigin, originOf: () => localHub });
console.log('relay at', await server.listen({ host: '127.0.0.1', port: Number(PORT) }));

process.once('SIGINT', () => server.close());
