/**
 * The steps of set-up and build. The terminal shows each step and how long it took; the programs'
 * output goes to a file.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './project.mjs';
import { Failure } from './run.mjs';

const log = join(root, 'target', 'setup.log');
const LINES_SHOWN = 15;
/** Child processes end with their parent: if one step fails, those beside it end. */
const children = new Set();
let begun = false;

/**
 * @template Result
 * @param {string} title
 * @param {string} about about how long it takes
 * @param {() => Promise<Result>} work
 */
export async function step(title, about, work) {
  console.log(`▸ ${title} (about ${about})`);
  const started = performance.now();
  const result = await work();
  console.log(`✔ ${title}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return result;
}

/** Runs a program of a step. If it fails, shows the last lines that it printed. */
export function runInStep(program, args, { explain, ...options } = {}) {
  const command = [program, ...args].join(' ');
  beginLog();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    children.add(child);
    let output = '';
    const fail = (what) => {
      const last = output.trimEnd().split('\n').slice(-LINES_SHOWN).join('\n');
      const where = `The whole log is in ${relative(root, log)}.`;
      reject(new Failure([what, explain, last, where].filter(Boolean).join('\n')));
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', ({ message }) => fail(`${program} could not be run: ${message}`));
    child.on('close', (code) => {
      children.delete(child);
      appendFileSync(log, `$ ${command}\n${output}\n`);
      if (code === 0) resolve();
      else fail(`This command failed: ${command}`);
    });
  });
}

function beginLog() {
  if (begun) return;
  begun = true;
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, '');
  process.once('exit', () => children.forEach((child) => child.kill()));
}
