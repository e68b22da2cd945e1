// The two HTTP calls of a file upload, relayed to the hub for pages: hubs send no CORS headers.
import cors from '@fastify/cors';

const HUB = /^[a-z0-9-]+\.azure-devices\.net$/i;
const PATHS = ['/devices/:deviceId/files', '/devices/:deviceId/files/notifications'];
const MAX_BYTES = 64 * 1024;

/**
 * Adds the relay to a server. The relay forwards calls to the hub that the device's token is for,
 * with the token, which it neither keeps nor logs.
 * @param {import('fastify').FastifyInstance} server
 * @param {object} options
 * @param {string} [options.allowedOrigin] of the pages that may call; default: the server's own
 * @param {(hostname: string) => string | undefined} [options.originOf] returns another origin for a
 *   hub
 */
export async function relay(server, { allowedOrigin, originOf = () => undefined }) {
  if (allowedOrigin) {
    const allowedHeaders = ['authorization', 'content-type'];
    await server.register(cors, { origin: allowedOrigin, methods: ['POST'], allowedHeaders });
  }
  /** @type {import('fastify').onRequestAsyncHookHandler} */
  const onRequest = async ({ protocol, host, headers }, reply) => {
    const allowed = allowedOrigin ?? `${protocol}://${host}`;
    if (headers.origin === allowed) return undefined;
    return reply.code(403).send({ message: `Only pages of ${allowed} may call this.` });
  };
  for (const path of PATHS) {
    server.post(
      path,
      { onRequest, bodyLimit: MAX_BYTES },
      async ({ url, headers, body }, reply) => {
        const { authorization = '' } = headers;
        const hub = hubOf(authorization, originOf);
        if (!hub) {
          const message =
            'The token has to be that of a device of an IoT Hub (*.azure-devices.net).';
          return reply.code(400).send({ message });
        }
        const answer = await ask(hub + url, authorization, body);
        if (!answer) return reply.code(502).send({ message: 'The hub cannot be reached.' });
        const type = answer.headers.get('content-type') ?? 'application/json';
        return reply
          .code(answer.status)
          .type(type)
          .send(await answer.text());
      },
    );
  }
}

/**
 * Returns the origin of the hub that the token is for, or `undefined` if it is not a token.
 * @param {string} token
 * @param {(hostname: string) => string | undefined} originOf
 */
function hubOf(token, originOf) {
  const resource = new URLSearchParams(token.replace('SharedAccessSignature ', '')).get('sr') ?? '';
  const [hostname] = resource.split('/');
  return originOf(hostname) ?? (HUB.test(hostname) ? `https://${hostname}` : undefined);
}

/**
 * @param {string} url
 * @param {string} authorization
 * @param {unknown} body
 */
async function ask(url, authorization, body) {
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    // A redirect could take the token elsewhere.
    redirect: 'error',
  }).catch(() => undefined);
}
