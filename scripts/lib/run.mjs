/** Runs other programs, and reports failures to the user. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const windows = process.platform === 'win32';

/** A failure that the user can fix: printed as its message, without a stack. */
export class Failure extends Error {}

export function say(sentence) {
  console.log(`• ${sentence}`);
}

/**
 * Runs a script's `main`; a failure prints a sentence and exits with code 1, even if hubs, devices
 * or browsers still run.
 */
export async function runAsProgram(main) {
  try {
    await main();
  } catch (error) {
    console.error(`\n${error instanceof Failure ? error.message : error.stack}`);
    process.exit(1);
  }
}

/** Runs a program and shows its output as it arrives. */
export function run(program, args, { explain, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.on('error', ({ message }) => {
      reject(new Failure(`${program} could not be run: ${message}`));
    });
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const line = `This command failed (its output is above): ${[program, ...args].join(' ')}`;
      reject(new Failure(explain ? `${line}\n${explain}` : line));
    });
  });
}

/** Returns the output of a quick program, or `undefined` if it cannot be run or fails. */
export function outputOf(program, args, options = {}) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', ...options });
  return status === 0 ? stdout.trim() : undefined;
}

/** The npm client, which is a shell script on Windows. */
export function npm(args, options = {}) {
  return run('npm', args, { shell: windows, ...options });
}

/** The full path of a program on PATH, or `undefined`. */
export function findOnPath(...names) {
  const extensions = windows ? ['.exe', '.cmd'] : [''];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
      for (const extension of extensions) {
        const file = join(folder, name + extension);
        if (isExecutable(file)) return file;
      }
    }
  }
  return undefined;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
