// Runs the rows in one environment, with only the JavaScript of the web platform.
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
 * @property {(context: object) => Promise<void | 'explains'>} run throws if the row is not true;
 *   `explains` if a browser cannot do this and an error says so
 */

/**
 * @typedef {object} Environment
 * @property {object} iothub the exports of the package
 * @property {{url: string, authorization: string}} hub its HTTP API, and the header for it
 * @property {typeof Hub.open} [openHub] instead of the local hub's
 * @property {boolean} isBrowser
 * @property {() => Promise<string>} declarations the text of index.d.ts
 * @property {(value: unknown) => string} inspect
 * @property {string} silentEndpoint which accepts connections and never responds
 * @property {number} concurrency how many rows run at a time
 */

/** Longer than the longest row: the client waits for CONNACK for 60 seconds. */
const ROW_SECONDS = 75;

/**
 * @param {Environment} environment plus what only this platform can do, for the rows that need it
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
