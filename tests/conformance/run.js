// Runs the rows in one environment, by JavaScript of the web platform only.
import { within } from '../../scripts/start/waiting.mjs';
import { createContext } from './context.js';
import { Evidence } from './evidence.js';
import { Hub } from './hub.js';
import { OutOfReach } from './real-hub.js';

/**
 * @typedef {object} Row
 * @property {string} id unique; the part before the dot names the area
 * @property {string} title the row of the contract that it proves
 * @property {'first' | 'alone' | 'last'} [when] `first`: takes long; `alone`: disturbs others, or
 *   is disturbed; `last`: looks back at all others
 * @property {(context: object) => Promise<void | 'explains'>} run throws where the row does not
 *   hold; `explains` is for what a browser cannot do and says so
 */

/**
 * @typedef {object} Environment
 * @property {object} iothub the exports of the package
 * @property {{url: string, authorization: string}} hub its HTTP API, and the header for it
 * @property {typeof Hub.open} [openHub] in place of that of the local hub
 * @property {boolean} isBrowser
 * @property {() => Promise<string>} declarations the text of index.d.ts
 * @property {(value: unknown) => string} inspect
 * @property {string} silentEndpoint where connections are taken and nothing is ever said
 * @property {number} concurrency how many rows run at a time
 */

/** Longer than the longest row: a CONNACK is waited for for 60 seconds. */
const ROW_SECONDS = 75;

/**
 * @param {Environment} environment with what only this platform can do, for the rows that need it
 * @param {Row[]} rows
 * @param {(id: string, result: {outcome: string, error?: string}) => void} report
 */
export async function runRows(environment, rows, report) {
  const evidence = new Evidence(environment.inspect);
  const openHub = environment.openHub ?? Hub.open;
  const hub = await openHub(environment.hub, evidence.addSecret);
  const runRow = async ({ id, run }) => {
    const { context, close } = createContext(environment, hub, evidence);
    try {
      const work = run(context).finally(close);
      report(id, { outcome: (await within(ROW_SECONDS, work, 'the row hangs')) ?? 'passed' });
    } catch (error) {
      if (error instanceof OutOfReach) report(id, { outcome: 'partly', error: error.message });
      else report(id, { outcome: 'failed', error: error?.stack ?? String(error) });
    }
  };
  const chosen = (wanted) => rows.filter(({ when }) => when === wanted);

  const long = chosen('first').map(runRow);
  await pool(chosen(undefined), environment.concurrency, runRow);
  await Promise.all(long);
  for (const row of [...chosen('alone'), ...chosen('last')]) await runRow(row);
}

async function pool(rows, size, runRow) {
  const waiting = [...rows];
  const work = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift()) await runRow(row);
  };
  await Promise.all(Array.from({ length: size }, work));
}
