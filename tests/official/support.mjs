/** A local hub where Microsoft's clients expect one: at port 443 of the configured host. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test as nodeTest } from 'node:test';

import { TestHub } from '../../hub/test/support/hub.js';
import { officialPython } from '../../scripts/lib/official-python.mjs';

const HOST = '127.0.0.1';
const PORT = 443;

/** A call that never settles must fail its test, not block the run. */
const LIMIT = { timeout: 60_000 };

/**
 * Defines tests that need a hub at that port. If they cannot run, they are reported as skipped.
 * @param {string} title
 * @param {string} [missing] why they cannot run here
 * @param {(given: {hub?: TestHub, environment?: NodeJS.ProcessEnv,
 *                  test: (name: string, work: Function) => void}) => void} define
 *   gets a hub, and the environment in which programs trust it
 */
export async function describeWithHub(title, missing, define) {
  const reason = missing ?? (await whyPortCannotBeHad());
  describe(title, () => {
    if (reason) {
      nodeTest('can run here', (t) => {
        t.diagnostic(`note: SKIPPED: ${title}, as ${reason}.`);
        t.skip(reason);
      });
      return define({ test: (name) => nodeTest(name, { skip: reason }, () => {}) });
    }
    const caDirectory = mkdtempSync(join(tmpdir(), 'official-clients-'));
    const hub = new TestHub({ host: HOST, hostname: 'localhost', https: PORT, caDirectory });
    after(() => rmSync(caDirectory, { recursive: true }));
    const authority = join(caDirectory, 'ca.pem');
    define({
      hub,
      environment: { ...process.env, CA_FILE: authority, NODE_EXTRA_CA_CERTS: authority },
      test: (name, work) => nodeTest(name, LIMIT, work),
    });
  });
}

/** Why programs of Microsoft's Python client cannot run here, if they cannot. */
export const missingPython = officialPython()
  ? undefined
  : 'its packages could not be installed (`npm run setup` says why)';

async function whyPortCannotBeHad() {
  const server = createServer();
  try {
    await once(server.listen(PORT, HOST), 'listening');
  } catch ({ code }) {
    return `port ${PORT} of ${HOST} cannot be had (${code})`;
  }
  server.close();
  await once(server, 'close');
  return undefined;
}
