/** Runs a project in a runtime of its own process, which has to end by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const installed = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));

/** The program that an npm package brings. */
export const bin = (name) => installed(`.bin/${name}`);

/** This Node.js, and later ones from npm, which has them for few platforms as packages. */
export const nodes = [
  ['', process.execPath],
  ...['22', '24', '26'].map((version) => [version, installed(`node-${version}/bin/node`)]),
].map(([version, program]) => ({
  name: version ? `Node.js ${version}` : `Node.js ${process.versions.node}`,
  program,
  missing: existsSync(program) ? undefined : 'npm has no package of it for this platform',
}));

/** @returns what `run` of an environment is */
export const program =
  (...command) =>
  ({ folder }) =>
    execute(folder, ...command);

/** Fails with all that the program printed if it fails. */
export async function execute(folder, file, ...args) {
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`exit code ${code}:\n${(await printed).join('')}`);
}
