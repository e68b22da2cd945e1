/**
 * `npm test`: set-up, build, then every suite; `npm test -- NAME` only those whose name contains
 * NAME. A suite's output is shown where it fails.
 */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { build } from './build.mjs';
import { root } from './lib/project.mjs';
import { Failure, runAsProgram } from './lib/run.mjs';
import { suites } from './lib/suites.mjs';

/** What a test wants to have told even where it passes: `t.diagnostic('note: …')`. */
const note = /^\s*ℹ note: (.*)$/gm;

await runAsProgram(async () => {
  const { wasmEnvironment } = await build({ tests: true });
  const results = [];
  for (const suite of select(suites(wasmEnvironment), process.argv[2] ?? '')) {
    results.push(await runSuite(suite));
  }
  printTable(results);
  const passed = total(results, 'passed');
  const failed = total(results, 'failed');
  const skipped = total(results, 'skipped');
  if (failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
});

function select(all, name) {
  const selected = all.filter((suite) => suite.name.includes(name));
  if (selected.length > 0) return selected;
  const names = all.map((suite) => `  ${suite.name}`).join('\n');
  throw new Failure(`No suite's name contains "${name}". The suites are:\n${names}`);
}

async function runSuite({ name, command, env, count }) {
  console.log(`\n▸ ${name}`);
  const started = performance.now();
  const { output, succeeded } = await collect(command, { ...process.env, ...env });
  const seconds = (performance.now() - started) / 1000;

  const { passed, failed, skipped } = count(output, succeeded);
  if (succeeded && failed === 0 && passed + skipped > 0) {
    for (const [, text] of output.matchAll(note)) console.log(`  ${text}`);
    const but = skipped > 0 ? `, ${skipped} skipped,` : '';
    console.log(`  ${passed} passed${but} in ${seconds.toFixed(1)} s`);
    return { name, passed, failed, skipped, seconds };
  }
  console.log(output);
  if (succeeded && failed === 0) console.log(`${name}: no test ran, which counts as a failure.`);
  return { name, passed, failed: Math.max(failed, 1), skipped, seconds };
}

/** Runs a command and gives back all that it printed, without colours. */
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
  const rows = results.map(({ name, passed, failed, skipped, seconds }) => {
    return [name, `${passed}`, `${failed}`, `${skipped}`, seconds.toFixed(1)];
  });
  const table = [['suite', 'passed', 'failed', 'skipped', 'seconds'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  console.log();
  for (const [name, ...numbers] of table) {
    const cells = numbers.map((text, column) => text.padStart(widths[column + 1]));
    console.log([name.padEnd(widths[0]), ...cells].join('  '));
  }
  console.log();
}

function total(results, field) {
  return results.reduce((sum, result) => sum + result[field], 0);
}
