import { HubError } from './errors.js';
import { parseQuery, runQuery } from './query.js';
import { describeTwin } from './twin-json.js';

const PAGE = 100;

/**
 * Queries over twins, page by page.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addQueryApi(app, { devices }) {
  const config = { rights: ['RegistryRead'] };
  app.post('/devices/query', { config, schema: SCHEMA }, async ({ body, headers }, reply) => {
    const query = await parseQuery(body.query);
    const identities = devices.all.flatMap((device) =>
      query.from === 'modules' ? [...device.modules.values()] : [device],
    );
    const rows = runQuery(query, identities.map(describeTwin));
    const start = startOf(headers['x-ms-continuation']);
    const end = start + Number(headers['x-ms-max-item-count'] || PAGE);
    reply.header('x-ms-item-type', query.columns === '*' ? 'Twin' : 'Raw');
    if (end < rows.length) reply.header('x-ms-continuation', tokenOf(end));
    return rows.slice(start, end);
  });
}

const tokenOf = (start) => Buffer.from(`from ${start}`).toString('base64');

function startOf(token) {
  if (!token) return 0;
  const [, start] = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString()) ?? [];
  if (start) return Number(start);
  throw new HubError('ArgumentInvalid', 'x-ms-continuation is not what the hub gave.');
}

const SCHEMA = {
  summary: 'Runs a query over the twins of devices or modules',
  headers: {
    type: 'object',
    properties: {
      'x-ms-max-item-count': {
        type: 'string',
        pattern: '^([1-9]\\d{0,8})?$',
        description: `how many items a page has at most; default ${PAGE}`,
      },
      'x-ms-continuation': { type: 'string', description: 'where the last page ended' },
    },
  },
  body: {
    type: 'object',
    required: ['query'],
    properties: { query: { type: 'string', description: 'such as SELECT * FROM devices' } },
  },
  response: {
    200: {
      description: 'One page',
      headers: {
        'x-ms-item-type': { type: 'string', description: 'Twin or Raw' },
        'x-ms-continuation': { type: 'string', description: 'there are more pages' },
      },
      type: 'array',
      items: { type: 'object' },
    },
  },
};
