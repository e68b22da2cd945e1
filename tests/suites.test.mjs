/** The runner of `npm test`: no test file is forgotten, and no suite disturbs another. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { selectTouched } from '../scripts/lib/changes.mjs';
import { runInLanes } from '../scripts/lib/lanes.mjs';
import { root } from '../scripts/lib/project.mjs';
import { rerunCommands } from '../scripts/lib/rerun.mjs';
import { nodeTests } from '../scripts/lib/suite-kinds.mjs';
import { suites } from '../scripts/lib/suites.mjs';
import { mutations } from './mutations.mjs';

test('each test file is in one suite', () => {
  const git = ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.js', '*.test.mjs'];
  const files = execFileSync('git', git, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const run = suites({}).flatMap(({ command }) => command.filter((word) => files.includes(word)));
  assert.deepEqual(run.sort(), files.sort());
});

test('two suites run at a time, but never two that need both cores', async () => {
  const running = new Set();
  const seen = [];
  const all = [
    { name: 'alone', alone: true },
    { name: 'a', needs: 'both cores' },
    { name: 'b', needs: 'both cores' },
    { name: 'c' },
    { name: 'd' },
  ];
  const results = await runInLanes(all, async ({ name }) => {
    running.add(name);
    seen.push([...running].join(''));
    await new Promise(setImmediate);
    running.delete(name);
    return name;
  });
  assert.deepEqual(
    results,
    all.map(({ name }) => name),
  );
  assert.deepEqual(seen, ['a', 'ac', 'cb', 'bd', 'alone']);
});

test('a change selects the suites that read the file; a file that no suite names selects all', () => {
  const all = suites({});
  const names = (...files) => selectTouched(all, files).map(({ name }) => name);
  const touched = names('hub/test/twin.test.js');
  assert.ok(touched.includes('hub') && touched.includes('prettier'));
  assert.ok(!touched.includes('core') && !touched.includes('simulator'));
  assert.ok(names('src/protocol/json.rs').includes('core'));
  for (const file of ['a-new-folder/a-file', 'scripts/lib/run.mjs', 'package-lock.json']) {
    assert.equal(names(file).length, all.length);
  }
});

test('the command for a failed test runs that one alone', (t) => {
  const folder = mkdtempSync(join(root, 'target', 'rerun-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  write(
    'helper.mjs',
    `import { test } from 'node:test';
     export const failing = (name) => test(name, () => { throw new Error('as it should'); });`,
  );
  const file = write(
    'sample.test.mjs',
    `import { describe, test } from 'node:test';
     import { failing } from './helper.mjs';
     test('passes', () => {});
     describe('within', () => test("it's (this) one?", () => { throw new Error('as it should'); }));
     failing('declared by a helper');`,
  );
  const env = { ...process.env };
  // With this variable, a runner within a test runs nothing.
  delete env.NODE_TEST_CONTEXT;
  const options = { cwd: root, encoding: 'utf8', env };
  const [program, ...args] = nodeTests('sample', [file]).command;
  const commands = rerunCommands(spawnSync(program, args, options).stdout);
  assert.equal(commands.length, 2, `${commands}`);
  for (const [index, name] of ["it's \\(this\\) one\\?", 'declared by a helper'].entries()) {
    const { status, stdout } = spawnSync(commands[index], { ...options, shell: true });
    assert.equal(status, 1, `${commands[index]}\n${stdout}`);
    assert.match(stdout, new RegExp(`not ok \\d+ - ${name}`));
    assert.doesNotMatch(stdout, /^ok \d+ - passes$/m);
  }
});

test('what `broken-clients.long.test.mjs` breaks occurs once in the client', () => {
  for (const { file, from } of mutations) {
    const source = readFileSync(join(root, 'src/protocol', file), 'utf8');
    assert.equal(source.split(from).length, 2, `${file}: ${from}`);
  }
});
