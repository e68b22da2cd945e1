/** The program of each contender. */
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/lib/project.mjs';
import { Failure } from '../scripts/lib/run.mjs';

const NAME = 'iothub-device-client';
const contenders = join(root, 'benches/contenders');
const before = join(root, 'target/before');

/** The folders of the contenders that are this package. */
export const packages = {
  ours: join(root, 'pkg'),
  before: join(before, 'node_modules', NAME),
};

/** @returns {string} a file that exports `open` of contenders/contender.js */
export function programOf(contender) {
  return contender === 'before' ? join(before, 'ours.js') : join(contenders, `${contender}.js`);
}

/**
 * Creates the contender `before`: this client's program with a package built earlier. The copy is
 * inside this project because the package must find npm `ws` in a parent folder.
 * @param {string} folder
 */
export function installBefore(folder) {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).name !== NAME) {
    throw new Failure(`--before must be a folder with a built package; "${folder}" is not.`);
  }
  rmSync(before, { recursive: true, force: true });
  cpSync(folder, packages.before, { recursive: true });
  copyFileSync(join(contenders, 'ours.js'), programOf('before'));
}
