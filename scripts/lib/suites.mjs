/** The suites of `npm test`: what each runs, and how many tests its output tells of. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';
import { rustdocFlags } from './rust.mjs';

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} command
 * @property {Record<string, string>} [env] on top of the environment
 * @property {(output: string, succeeded: boolean) =>
 *              {passed: number, failed: number, skipped: number}} count
 */

/**
 * Those that tell of a mistake soonest come first.
 *
 * @param {Record<string, string>} wasmEnvironment what building for wasm32 takes
 * @returns {Suite[]}
 */
export function suites(wasmEnvironment) {
  const core = '--no-default-features';
  const prettier = [process.execPath, 'node_modules/prettier/bin/prettier.cjs'];
  const eslint = [process.execPath, 'node_modules/eslint/bin/eslint.js'];
  const typescript = [process.execPath, 'node_modules/typescript/bin/tsc', '--project'];
  const oldTypescript = [process.execPath, 'node_modules/typescript-5.0/bin/tsc', '--project'];
  const clippy = ['cargo', 'clippy', '--all-targets'];
  return [
    check('rustfmt', ['cargo', 'fmt', '--check']),
    check('prettier', [...prettier, '--check', '--cache', '.']),
    check('eslint', [...eslint, '--cache', '--cache-location', 'node_modules/.cache/eslint/']),
    check('types', [...typescript, 'tests/types']),
    check('types in TypeScript 5.0', [...oldTypescript, 'tests/types/oldest.json']),
    check('types of the examples', [...typescript, 'tests/types/examples.json']),
    check('types of the examples in TypeScript 5.0', [
      ...oldTypescript,
      'tests/types/examples-oldest.json',
    ]),
    check('types of the hub', [...typescript, 'hub']),
    check("types of the package's JavaScript", [...typescript, 'pkg-template']),
    check('clippy', [...clippy, '--', '-D', 'warnings']),
    check('clippy, core alone', [...clippy, core, '--', '-D', 'warnings']),
    nodeTests('minimum Rust version', ['tests/minimum-rust.test.mjs'], 600_000),
    {
      ...check('rustdoc', ['cargo', 'doc', '--no-deps', '--document-private-items']),
      env: { RUSTDOCFLAGS: rustdocFlags },
    },
    rustTests('native tests', ['cargo', 'test', '--no-fail-fast']),
    rustTests('native tests, core alone', ['cargo', 'test', '--no-fail-fast', core]),
    {
      ...rustTests('fault matrix', faultMatrix()),
      env: { MATRIX_SCHEDULES: process.env.MATRIX_SCHEDULES ?? '100000' },
    },
    nodeTests('broken clients', ['tests/broken-clients.test.mjs'], 600_000),
    { ...rustTests('wasm in Chromium', wasmTests()), env: wasmEnvironment },
    nodeTests('hub', testFiles('hub/test')),
    nodeTests('documentation', testFiles('tests/documentation')),
    nodeTests('Node.js end to end', testFiles('tests/node')),
    // A part of it waits for the minute after which a hidden tab is throttled.
    nodeTests('browser end to end', testFiles('tests/browser'), 240_000),
    nodeTests(
      'simulator',
      [...testFiles('tests/simulator'), ...testFiles('tests/simulator/browser')],
      600_000,
    ),
    // A part of it waits for the minute after which a hub without CONNACK is given up.
    nodeTests('conformance', testFiles('tests/conformance'), 240_000, ['--test-concurrency=1']),
    nodeTests('leaks', testFiles('tests/leaks'), 600_000),
    nodeTests('soak', testFiles('tests/soak'), 300_000),
    // One file after the other, as each needs port 443 for itself.
    nodeTests('official clients', testFiles('tests/official'), 120_000, ['--test-concurrency=1']),
    { ...nodeTests('panic', ['tests/panic.test.mjs'], 600_000), env: wasmEnvironment },
    nodeTests('benchmarks', ['tests/benchmarks.test.mjs'], 240_000),
    nodeTests('package', ['tests/package.test.mjs']),
    nodeTests('environments', testFiles('tests/environments'), 300_000),
    nodeTests('hub package', ['tests/hub-package.test.mjs']),
    nodeTests('scale', ['tests/scale.test.mjs']),
    nodeTests('size', ['tests/size.test.mjs']),
  ];
}

/** Its own profile, which optimises; its figures, which are printed even where it passes. */
function faultMatrix() {
  const target = ['--no-default-features', '--test', 'matrix'];
  return ['cargo', 'test', '--profile', 'matrix', ...target, '--', '--nocapture'];
}

/** `-q` must not be among the options: the runner of wasm-bindgen refuses it. */
function wasmTests() {
  const browser = ['--headless', '--chrome', '--chromedriver', process.env.CHROMEDRIVER];
  return ['wasm-pack', 'test', ...browser, '--mode', 'no-install', '.', '--test', 'web'];
}

/** @returns {Suite} a command that is one test, passed where it succeeds */
function check(name, command) {
  const count = (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
  return { name, command, count };
}

/** @returns {Suite} */
function rustTests(name, command) {
  const summary = (word) => new RegExp(`^test result: .*?(\\d+) ${word};`, 'gm');
  const count = countBy(summary('passed'), summary('failed'), summary('ignored'));
  return { name, command, count };
}

/** @returns {Suite} */
function nodeTests(name, files, milliseconds = 120_000, more = []) {
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${milliseconds}`, ...more];
  // Without a file, Node.js would look for tests all over the project.
  const command = files.length > 0 ? [process.execPath, ...options, ...files] : [];
  const failed = /^ℹ (?:fail|cancelled) (\d+)$/gm;
  const count = countBy(/^ℹ pass (\d+)$/gm, failed, /^ℹ skipped (\d+)$/gm);
  return { name, command, count };
}

function countBy(passed, failed, skipped) {
  const sum = (output, pattern) =>
    [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
  return (output) => ({
    passed: sum(output, passed),
    failed: sum(output, failed),
    skipped: sum(output, skipped),
  });
}

function testFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((file) => /\.test\.m?js$/.test(file))
    .sort()
    .map((file) => `${folder}/${file}`);
}
