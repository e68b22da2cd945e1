/** Every row of the contract, in Node.js, in a page and in a worker: a test for each cell. */
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { startSilentServer } from '../node/transport/servers.mjs';
import { openChromium, runInPage, runInWorker } from './chromium.mjs';
import { runInNode } from './node.mjs';
import { rows } from './rows/index.js';

/** Longer than the whole run. */
const TIMEOUT = { timeout: 230_000 };

const clean = { after };
const { port } = await startSilentServer(clean);
const servers = { silentEndpoint: `ws://127.0.0.1:${port}/` };
const browser = await openChromium(clean);
const environments = {
  'Node.js': runInNode,
  page: (...args) => runInPage(browser, ...args),
  worker: (...args) => runInWorker(browser, ...args),
};

const columns = await Promise.all(Object.entries(environments).map(startColumn));
for (const row of rows) {
  for (const { name, cells } of columns) {
    test(`${row.id} in ${name}: ${row.title}`, TIMEOUT, async () => {
      const { outcome, error } = await cells.get(row.id).result;
      // Show the stack of the row, which may come from a browser.
      if (outcome === 'failed') throw Object.assign(new Error(error), { stack: error });
    });
  }
}

test('every cell of the table passes', TIMEOUT, async (t) => {
  const names = columns.map(({ name }) => name.padEnd(8));
  t.diagnostic(`note: ${names.join(' ')}  row`);
  for (const { id, title } of rows) {
    const results = await Promise.all(columns.map(({ cells }) => cells.get(id).result));
    const outcomes = results.map(({ outcome }) => outcome.padEnd(8));
    t.diagnostic(`note: ${outcomes.join(' ')}  ${id}: ${title}`);
  }
});

/** Starts all rows in one environment, which has a hub of its own. */
async function startColumn([name, run]) {
  const hub = new Worker(new URL('hub-thread.mjs', import.meta.url));
  after(() => hub.terminate());
  const [access] = await once(hub, 'message');
  const cells = new Map(rows.map(({ id }) => [id, createCell()]));
  const settle = (id, result) => cells.get(id).settle(result);
  run({ ...servers, hub: access }, settle, clean).then(
    () => settleRest(cells, 'the row was not run'),
    (error) => settleRest(cells, error.stack),
  );
  return { name, cells };
}

function createCell() {
  let settle;
  const result = new Promise((resolve) => {
    settle = resolve;
  });
  return { result, settle };
}

function settleRest(cells, error) {
  for (const { settle } of cells.values()) settle({ outcome: 'failed', error });
}
