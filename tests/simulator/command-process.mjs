/** The command `iothub-simulator` as a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../simulator/bin/iothub-simulator.js', import.meta.url));

/** A folder with a scene in it, which is removed after the test. */
export async function createFolder(t, scene) {
  const folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'scene.json'), JSON.stringify(scene));
  return folder;
}

/**
 * Starts the command; `lines` are those of its output, `ended` resolves with its exit code and
 * output.
 * @param {{cwd?: string, env?: object, input?: string, within?: string[]}} [options] `within` is a
 *   command that runs it, such as in a network namespace
 */
export function start(t, args, { cwd, env = {}, input, within = [] } = {}) {
  const [file, ...line] = [...within, process.execPath, program, ...args];
  const child = spawn(file, line, { cwd, env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.end(input);
  const lines = [];
  const waiting = new Set();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const errors = text(child.stderr);
  const closed = once(child, 'close');
  return {
    child,
    ended: closed.then(async ([code]) => ({
      code,
      lines,
      json: () => lines.map((line) => JSON.parse(line)),
      errors: await errors,
    })),
    /** The first line of JSON that meets a condition. */
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.map((line) => JSON.parse(line)).find(condition);
          if (found) resolve(found);
        };
        waiting.add(check);
        closed.then(async () => reject(new Error(`it has ended: ${await errors}`)));
        check();
      }),
  };
}
