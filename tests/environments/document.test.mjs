/** The table in docs/ENVIRONMENTS.md matches `npm run test:everywhere`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { projects } from '../everywhere/projects/index.mjs';

/** A failure is shown as `**name: FAILED**`. */
const withoutOutcome = (ran) => ran.replaceAll(/\*\*(.*?): .*?\*\*/g, '$1');

test('the table lists what `npm run test:everywhere` runs', async () => {
  const text = await readFile(new URL('../../docs/ENVIRONMENTS.md', import.meta.url), 'utf8');
  const [table] = /(?<=<!-- everywhere -->)[^]*(?=<!-- \/everywhere -->)/.exec(text);
  const rows = table.matchAll(/^\| (?!tool|---)(.*?) \|.*?\| (.*?) \|/gm);
  assert.deepEqual(
    Array.from(rows, ([, tool, ran]) => ({ tool, ran: withoutOutcome(ran) })),
    projects.map(({ tool, rows }) => ({ tool, ran: Object.keys(rows).join('<br>') })),
  );
});
