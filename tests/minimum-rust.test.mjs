/** The Rust version that Cargo.toml asks for is enough, for the project and its dependencies. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { crateField, isAtLeast, root } from '../scripts/lib/project.mjs';
import { outputOf } from '../scripts/lib/run.mjs';

const minimum = crateField('rust-version');

test('no dependency declares a higher Rust version', () => {
  const [, host] = /^host: (.+)$/m.exec(outputOf('rustc', ['-vV']));
  const platforms = ['wasm32-unknown-unknown', host].flatMap((name) => ['--filter-platform', name]);
  const options = ['metadata', '--format-version', '1', '--locked', ...platforms];
  const limits = { cwd: root, maxBuffer: Infinity };
  const { packages } = JSON.parse(execFileSync('cargo', options, limits));
  const tooNew = packages.filter(
    ({ rust_version }) => rust_version && !isAtLeast(minimum, rust_version),
  );
  const names = tooNew.map(
    ({ name, version, rust_version }) => `${name} ${version}: ${rust_version}`,
  );
  assert.ok(packages.length > 1);
  assert.deepEqual(names, []);
});

// Clippy's `incompatible_msrv` finds newer parts of the standard library, but not of the language.
test('everything compiles with the minimum Rust version', (t) => {
  const installed = outputOf('rustup', ['toolchain', 'list']) ?? '';
  const [, toolchain] = new RegExp(`^(${minimum}(?:\\.0)?)-`, 'm').exec(installed) ?? [];
  if (!toolchain) return t.skip(`run \`rustup toolchain install ${minimum} --profile minimal\``);
  execFileSync('cargo', [`+${toolchain}`, 'check', '--locked', '--all-targets'], {
    cwd: root,
    stdio: 'pipe',
  });
});
