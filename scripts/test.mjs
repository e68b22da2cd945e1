/**
 * `npm test`: set-up, build, then the quick suites; `npm run test:long`: the suites that take long
 * or measure.
 * `-- NAME ...` runs only suites whose name contains one of the names, `-- --changed` only those that
 * a change can affect. Shows the output of suites that fail.
 */
import { spawn } from 'node:child_process';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { build } from './build.mjs';
import { selectChanged } from './lib/changes.mjs';
import { runInLanes } from './lib/lanes.mjs';
import { root } from './lib/project.mjs';
import { shell } from './lib/rerun.mjs';
import { Failure, runAsProgram } from './lib/run.mjs';
import { suites } from './lib/suites.mjs';
import { installTestPackages } from './setup.mjs';

/** A message that a test wants shown even if it passes: `t.diagnostic('note: …')`. */
const note = /^\s*ℹ note: (.*)$/gm;
/** A suite that takes longer, in seconds, must say why. */
const SLOW = 90;

await runAsProgram(async () => {
  const options = readOptions();
  const { wasmEnvironment } = await build({ tests: true });
  const selected = select(suites(wasmEnvironment), options);
  await installTestPackages(new Set(selected.flatMap(({ packages = [] }) => packages)));
  const started = performance.now();
  const results = await runInLanes(selected, runSuite);
  printTable(results);
  printReruns(results);
  printNotRun(results);
  const passed = total(results, 'passed');
  const failed = total(results, 'failed');
  const skipped = total(results, 'skipped');
  if (failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped, in ${since(started)} s`);
});

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        long: { type: 'boolean', default: false },
        changed: { type: 'boolean', default: false },
      },
    });
    return { ...values, names: positionals };
  } catch (error) {
    throw new Failure(error.message);
  }
}

function select(all, { long, changed, names }) {
  const some = all.filter((suite) => Boolean(suite.long) === long);
  const fitsNone = names.find((name) => !some.some((suite) => suite.name.includes(name)));
  if (fitsNone !== undefined) {
    const all = some.map((suite) => `  ${suite.name}`).join('\n');
    throw new Failure(`No suite's name contains "${fitsNone}". The suites are:\n${all}`);
  }
  const isWanted = (suite) => names.some((name) => suite.name.includes(name));
  const selected = names.length > 0 ? some.filter(isWanted) : some;
  return changed ? selectChanged(selected) : selected;
}

async function runSuite({ name, command, env, count, rerun, slow, missing }) {
  if (missing) {
    return { name, passed: 0, failed: 0, skipped: 1, seconds: '0.0', missing, reruns: [] };
  }
  console.log(`▸ ${name}`);
  const started = performance.now();
  const { output, succeeded } = await collect(command, { ...process.env, ...env });
  const seconds = since(started);

  const { passed, failed, skipped } = count(output, succeeded);
  const result = { name, passed, failed, skipped, seconds, slow };
  if (succeeded && failed === 0 && passed + skipped > 0) {
    const notes = [...output.matchAll(note)].map(([, text]) => `  ${text}\n`).join('');
    const but = skipped > 0 ? `, ${skipped} skipped,` : '';
    console.log(`✔ ${name}: ${passed} passed${but} in ${seconds} s\n${notes}`.trimEnd());
    return { ...result, reruns: [] };
  }
  console.log(`✖ ${name}:\n${output}`);
  if (succeeded && failed === 0) console.log(`${name}: no test ran, which counts as a failure.`);
  const alone = rerun(output);
  // If the whole suite failed, for example because code does not compile, this is the command of
  // the suite.
  const reruns = alone.length > 0 ? alone : [shell(command)];
  return { ...result, failed: Math.max(failed, 1), reruns };
}

/** Runs a command and returns its output, without colours. */
function collect([program, ...args], env) {
  if (!program) return { output: '', succeeded: true };
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const finish = (succeeded) => resolve({ output: stripVTControlCharacters(output), succeeded });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => {
      output += `${program} could not be run: ${error.message}\n`;
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}

function printTable(results) {
  const rows = results.map(({ name, passed, failed, skipped, seconds, slow }) => {
    const why = seconds > SLOW ? (slow ?? 'gives no reason (scripts/lib/suites.mjs)') : '';
    return [name, `${passed}`, `${failed}`, `${skipped}`, seconds, why];
  });
  const titles = ['suite', 'passed', 'failed', 'skipped', 'seconds', `why over ${SLOW} s`];
  const table = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  console.log();
  for (const [name, ...cells] of table) {
    const why = cells.pop();
    const numbers = cells.map((text, column) => text.padStart(widths[column + 1]));
    console.log([name.padEnd(widths[0]), ...numbers, why].join('  ').trimEnd());
  }
  console.log();
}

/** The commands that run each failed test alone. */
function printReruns(results) {
  const commands = results.flatMap(({ reruns }) => reruns);
  if (commands.length === 0) return;
  console.log(`Each failed test alone:\n${commands.map((line) => `  ${line}\n`).join('')}`);
}

function printNotRun(results) {
  for (const { name, missing } of results) {
    if (missing) console.log(`NOT RUN: ${name}, because ${missing} is not installed.`);
  }
  if (results.some(({ missing }) => missing)) {
    console.log('`npm run setup -- --system` installs what is missing.\n');
  }
}

function since(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function total(results, field) {
  return results.reduce((sum, result) => sum + result[field], 0);
}
