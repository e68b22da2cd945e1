/** Every block of code in the documentation is run by a test. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { readJson, root } from '../../scripts/lib/project.mjs';
import { blocks } from './blocks.mjs';

/** Which tests run the programs and pages of which document. */
const runs = {
  'README.md': ['tests/node/readme.test.mjs'],
  'docs/guide/': ['tests/node/docs.test.mjs'],
  'docs/guide/start/': ['tests/node/start.test.mjs'],
  'simulator/README.md': ['tests/simulator/readme.test.mjs'],
  'hub/README.md': ['tests/official/readme.test.mjs', 'tests/node/readme.test.mjs'],
};

test('every program and page is in a document whose code is run', (t) => {
  const counts = new Map();
  for (const { document, language } of blocks) {
    // Shell commands are not run; blocks without a language are drawings.
    // A workflow is checked against its schema by workflows.test.mjs.
    if (['sh', 'yaml', ''].includes(language)) continue;
    assert.match(language, /^(js|tsx?|vue|svelte|html|python|jsonc?)$/, document);
    const place = document in runs ? document : document.replace(/[^/]+$/, '');
    for (const file of runs[place] ?? assert.fail(`nobody runs the code of ${document}`)) {
      assert.ok(existsSync(join(root, file)), file);
    }
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), Object.keys(runs).sort());
  for (const [place, count] of counts) {
    t.diagnostic(`note: ${count} of ${place} are run by ${runs[place].join(' and ')}`);
  }
  const commands = blocks.filter(({ language }) => language === 'sh').length;
  t.diagnostic(`note: ${commands} of commands are looked at, not run`);
});

test('every command names a script, an option or a file that exists', () => {
  const { scripts } = readJson('package.json');
  const known = new Set(Object.keys(scripts));
  const commands = blocks.filter(({ language }) => language === 'sh');
  const lines = commands.map(({ code }) => code).join('\n');
  const named = [...lines.matchAll(/^(?:\w+='[^']*' )?npm (?:run )?([\w:]+)/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'install');
  assert.ok(named.includes('start') && named.includes('test'));
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
  const files = [...lines.matchAll(/\bnode ((?:hub|examples|scripts|benches)\/\S+)/g)].map(
    ([, file]) => file,
  );
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, file))),
    [],
  );
});
