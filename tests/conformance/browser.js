// Runs the rows in the page or module worker that loads this.
import * as iothub from '../../pkg/index.browser.js';
import { rows } from './rows/index.js';
import { runRows } from './run.js';

/**
 * @param {(id: string, result: object) => void} report
 * @param {object} servers that a page cannot start, including the hub
 */
export async function runInBrowser(report, servers) {
  const declarations = new URL('../../pkg/index.d.ts', import.meta.url);
  await runRows(
    {
      iothub,
      isBrowser: true,
      // A long poll holds one of a browser's six connections to a server.
      concurrency: 4,
      declarations: async () => (await fetch(declarations)).text(),
      importSlim: () => import('../../pkg/slim.browser.js'),
      inspect: String,
      ...servers,
    },
    rows,
    report,
  );
}
