/** The npm packages that package-lock.json pins, in node_modules. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './project.mjs';
import { npm, say } from './run.mjs';

export async function installNpmDependencies() {
  if (installedAsLocked()) return;
  say('Installing the npm packages of package-lock.json with `npm ci`.');
  await npm(['ci'], { cwd: root, explain: 'Is the npm registry within reach?' });
}

function installedAsLocked() {
  return Object.entries(readJson('package-lock.json').packages).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    if (locked.link) return existsSync(join(root, path));
    // Optional packages are those of other platforms, for the most part.
    return locked.optional || installedVersion(path) === locked.version;
  });
}

function installedVersion(path) {
  try {
    return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
