/** Runtimes whose process does the job and then must end on its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const installed = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const bin = (name) => installed(`.bin/${name}`);

/** `{name, command, missing}`; `missing` says why it is not available. */
export const deno = { name: 'Deno', command: [bin('deno'), 'run', '--allow-all'] };
export const bun = { name: 'Bun', command: [bin('bun')] };
export const workerd = { name: 'workerd', command: [bin('workerd'), 'test'] };

/** It has its own module loader, which differs from that of Node.js. */
export const jest = {
  name: 'Jest',
  // The job is an ES module.
  command: [process.execPath, '--experimental-vm-modules', installed('jest/bin/jest.js')],
};

/** The Node.js that runs this, the oldest supported versions, and newer ones. */
export const nodes = [
  { name: `Node.js ${process.versions.node}`, command: [process.execPath] },
  ...Object.entries(manifest.optionalDependencies).map(([name, wanted]) => {
    const [version] = /\d+\.\d+\.\d+$/.exec(wanted);
    const program = installed(`${name}/bin/node`);
    const missing = existsSync(program) ? undefined : 'its npm package is for Linux on x64';
    return { name: `Node.js ${version}`, command: [program], missing };
  }),
];

/** If the program fails, rejects with its whole output. */
export async function runProgram(folder, program, ...args) {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`exit code ${code}:\n${(await printed).join('')}`);
}
