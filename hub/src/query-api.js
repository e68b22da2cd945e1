import { HubError } from './errors.js';
import { PAGE_REQUEST, pageOf, takePage } from './paging.js';
import { parseQuery, runQuery } from './query.js';
import { describeTwin } from './twin-json.js';

/**
 * Queries over twins, page by page.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addQueryApi(app, { devices }) {
  const config = { rights: ['RegistryRead'] };
  app.post('/devices/query', { config, schema: SCHEMA }, async (request, reply) => {
    const query = await parseQuery(request.body.query);
    const identities = identitiesOf(query.from, devices);
    const rows = runQuery(query, identities.map(describeTwin));
    return takePage(rows, query.columns === '*' ? 'Twin' : 'Raw', request, reply);
  });
}

function identitiesOf(collection, { all }) {
  if (collection === 'devices') return all;
  if (collection === 'modules') return all.flatMap((device) => [...device.modules.values()]);
  throw new HubError('ArgumentInvalid', `The query must be FROM devices or devices.modules here.`);
}

/** The query in a request, for a `schema.body`. */
export const QUERY = {
  type: 'object',
  required: ['query'],
  properties: { query: { type: 'string', description: 'such as SELECT * FROM devices' } },
};

const SCHEMA = {
  summary: 'Runs a query over the twins of devices or modules',
  headers: PAGE_REQUEST,
  body: QUERY,
  response: pageOf({ type: 'object' }),
};
