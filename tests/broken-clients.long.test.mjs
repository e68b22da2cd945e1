/**
 * Tests the fault matrix itself: it must catch copies of the client that are each broken in one
 * place.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../scripts/lib/project.mjs';
import { mutations } from './mutations.mjs';

const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const copy = join(target, 'broken-clients');

rmSync(copy, { recursive: true, force: true });
const copied = ['benches', 'module', 'src', 'tests/matrix', 'tests/protocol'];
for (const path of ['Cargo.toml', 'Cargo.lock', ...copied]) {
  cpSync(join(root, path), join(copy, path), { recursive: true });
}

test('a client that is not broken passes', () => {
  const { status, output } = playMatrix();
  assert.equal(status, 0, output);
});

for (const { name, file, from, to } of mutations) {
  test(`caught: ${name}`, (t) => {
    const path = join(copy, 'src/protocol', file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.replace(from, to));
    try {
      const { status, output } = playMatrix();
      const broken = /^schedule (\d+: .*)$/m.exec(output);
      assert.ok(status !== 0 && broken, output);
      t.diagnostic(`note: ${name}: caught by schedule ${broken[1]}`);
    } finally {
      writeFileSync(path, source);
    }
  });
}

function playMatrix() {
  const matrix = ['--no-default-features', '--test', 'matrix', 'no_schedule'];
  const args = ['test', '--profile', 'core', ...matrix, '--', '--nocapture'];
  const { status, stdout, stderr } = spawnSync('cargo', args, {
    cwd: copy,
    env: { ...process.env, CARGO_TARGET_DIR: target, MATRIX_SCHEDULES: '1000' },
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}
