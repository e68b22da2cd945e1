/** The stores of Node.js meet the contract; for that of pages see tests/outbox/browser. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { LevelStore } from '../../pkg-template/store-level.node.js';
import { contract, deepEqual } from './contract.mjs';
import { ScriptedStore } from './scripted-store.mjs';

for (const [name, work] of Object.entries(contract)) {
  test(`files: ${name}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'outbox-'));
    t.after(() => rm(folder, { recursive: true }));
    await work(() => new LevelStore(folder, false), deepEqual);
  });

  test(`in memory: ${name}`, async () => {
    const store = new ScriptedStore();
    await work(() => store, deepEqual);
  });
}
