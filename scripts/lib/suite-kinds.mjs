/** What a suite is, and the three kinds: a command that is one test, Rust's tests, Node.js' tests. */
import { fileURLToPath } from 'node:url';
import { rerunCommands, shell } from './rerun.mjs';

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} command
 * @property {Record<string, string>} [env] on top of the environment
 * @property {string} [missing] what it needs and is not installed
 * @property {string[]} [packages] folders whose npm packages it needs
 * @property {RegExp[]} [reads] the files that it depends on; without this, all files
 * @property {boolean} [long] part of `npm run test:long`, not of `npm test`
 * @property {'both cores'} [needs] what only one suite at a time can use
 * @property {boolean} [alone] nothing runs beside it: it measures time or memory
 * @property {string} [slow] why it takes more than 90 seconds
 * @property {(output: string, succeeded: boolean) =>
 *              {passed: number, failed: number, skipped: number}} count
 * @property {(output: string) => string[]} rerun the commands that run each failed test alone
 */

const rerunReporter = fileURLToPath(new URL('rerun-reporter.mjs', import.meta.url));

/** @returns {Suite} a command that counts as one test, which passes if it succeeds */
export function check(name, command, options) {
  const count = (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
  return { name, command, count, rerun: () => [shell(command)], ...options };
}

/** @returns {Suite} with the options of `cargo test` before `--` */
export function rustTests(name, command, options) {
  const summary = (word) => new RegExp(`^test result: .*?(\\d+) ${word};`, 'gm');
  const count = countBy(summary('passed'), summary('failed'), summary('ignored'));
  const rerun = (output) => {
    const failed = [...output.matchAll(/^test (\S+) \.\.\. FAIL/gm)].map(([, test]) => test);
    return failed.map((test) => shell([...command, '--', '--exact', test]));
  };
  return { name, command, count, rerun, needs: 'both cores', ...options };
}

/**
 * @returns {Suite}
 * @param {{minutes?: number, atOnce?: number}} [limits] the time limit of a test file, and how many
 *   files run at the same time
 */
export function nodeTests(name, files, { minutes = 5, atOnce = 1, ...options } = {}) {
  const reporters = ['spec', rerunReporter].flatMap((reporter) => [
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
  ]);
  const limits = [`--test-timeout=${minutes * 60_000}`, `--test-concurrency=${atOnce}`];
  // Without a file, Node.js would search the whole project for tests.
  const node = [process.execPath, '--test', ...reporters, ...limits];
  const command = files.length > 0 ? [...node, ...files] : [];
  const failed = /^ℹ (?:fail|cancelled) (\d+)$/gm;
  const count = countBy(/^ℹ pass (\d+)$/gm, failed, /^ℹ skipped (\d+)$/gm);
  return { name, command, count, rerun: rerunCommands, ...options };
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
