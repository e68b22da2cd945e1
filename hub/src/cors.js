/**
 * Lets pages of any origin call the routes of a scope, and answers their preflight requests.
 * The service itself does so for none of its endpoints, storage accounts when told to.
 * @param {import('fastify').FastifyInstance} scope
 * @param {string[]} paths that take preflight requests
 */
export function allowAnyOrigin(scope, paths) {
  scope.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
    });
  });
  for (const path of paths) {
    scope.options(path, (request, reply) => {
      const wanted = request.headers['access-control-request-headers'];
      reply.headers({
        'access-control-allow-methods': 'GET, HEAD, POST, PUT',
        ...(wanted && { 'access-control-allow-headers': wanted }),
      });
      reply.code(204).send();
    });
  }
}
