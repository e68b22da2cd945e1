import { HubError } from './errors.js';

const PAGE = 100;

/** The headers with which a client reads a list page by page, for a `schema.headers`. */
export const PAGE_REQUEST = {
  type: 'object',
  properties: {
    'x-ms-max-item-count': {
      type: 'string',
      pattern: '^([1-9]\\d{0,8})?$',
      description: `the maximum number of items on a page; default ${PAGE}`,
    },
    'x-ms-continuation': { type: 'string', description: 'where the last page ended' },
  },
};

/** The schema of a response with a page of items. */
export const pageOf = (items) => ({
  200: {
    description: 'One page',
    headers: {
      'x-ms-item-type': { type: 'string', description: 'what the items are' },
      'x-ms-continuation': {
        type: 'string',
        description: 'where the next page begins, if there is one',
      },
    },
    type: 'array',
    items,
  },
});

/**
 * Returns the requested page; a header of the response says where the next one begins.
 * @param {object[]} rows
 * @param {string} itemType the kind of item
 * @param {{headers: Record<string, any>}} request
 * @param {import('fastify').FastifyReply} reply
 */
export function takePage(rows, itemType, { headers }, reply) {
  const start = startOf(headers['x-ms-continuation']);
  const end = start + Number(headers['x-ms-max-item-count'] || PAGE);
  reply.header('x-ms-item-type', itemType);
  if (end < rows.length) reply.header('x-ms-continuation', tokenOf(end));
  return rows.slice(start, end);
}

const tokenOf = (start) => Buffer.from(`from ${start}`).toString('base64');

function startOf(token) {
  if (!token) return 0;
  const [, start] = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString()) ?? [];
  if (start) return Number(start);
  throw new HubError('ArgumentInvalid', 'x-ms-continuation is not a value that the hub returned.');
}
