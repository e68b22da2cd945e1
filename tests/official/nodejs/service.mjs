/** Microsoft's service client, driven by commands: methods of its Registry and Client by name. */
import service from 'azure-iothub';

import { answerCommands } from './commands.mjs';

const targets = {};

const own = {
  connect(connectionString) {
    targets.registry = service.Registry.fromConnectionString(connectionString);
    targets.client = service.Client.fromConnectionString(connectionString);
  },

  /** All pages of a query: the contents of each twin or row. */
  async query(sql, pageSize, next = 'nextAsTwin') {
    const query = targets.registry.createQuery(sql, pageSize);
    const pages = [];
    while (query.hasMoreResults) pages.push((await query[next]()).result);
    return pages;
  },
};

await answerCommands(async ({ client, call, arguments: values }) => {
  if (client === 'own') return own[call](...values);
  const outcome = await targets[client][call](...values);
  return outcome?.responseBody ?? outcome?.result ?? null;
});
