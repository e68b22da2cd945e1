/** `npm run repository`, in a repository of a few files. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { readJson, root } from '../../scripts/lib/project.mjs';

const placeholder = ['OWNER', 'REPOSITORY'].join('/');

function createRepository(t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'repository-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(root, 'scripts/lib'), join(folder, 'scripts/lib'), { recursive: true });
  cpSync(join(root, 'scripts/repository.mjs'), join(folder, 'scripts/repository.mjs'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const git = (...args) => execFileSync('git', args, { cwd: folder });
  git('init', '--quiet');
  git('add', '.');
  const run = (...args) => {
    const { status, stderr } = spawnSync('node', ['scripts/repository.mjs', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stderr };
  };
  return { run, read: (name) => readFileSync(join(folder, name), 'utf8') };
}

test('replaces owner and name in every file, once', (t) => {
  const { run, read } = createRepository(t, {
    'package.json': `{ "bugs": "https://github.com/${placeholder}/issues" }`,
    CODEOWNERS: `* @${placeholder.split('/')[0]}\n`,
    'other.txt': 'nothing of it\n',
  });
  const { status, stderr } = run('contoso/iothub.js');
  assert.equal(status, 0, stderr);
  assert.equal(read('package.json'), '{ "bugs": "https://github.com/contoso/iothub.js/issues" }');
  assert.equal(read('CODEOWNERS'), '* @contoso\n');
  assert.equal(read('other.txt'), 'nothing of it\n');
  assert.match(run('contoso/other').stderr, /have already been replaced/);
});

test('accepts only owner/name', (t) => {
  const { run } = createRepository(t, { file: placeholder });
  for (const args of [[], ['name'], ['a/b/c'], ['https://github.com/a/b'], ['a/b', 'c']]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 1);
    assert.match(stderr, /Usage:/);
  }
});

test('every published manifest has the same repository', () => {
  const addressOf = (manifest) => readJson(manifest).repository.url;
  const manifests = ['hub/package.json', 'simulator/package.json', 'artillery/package.json'];
  for (const manifest of manifests) {
    assert.equal(addressOf(manifest), addressOf('pkg-template/package.json'), manifest);
  }
});
