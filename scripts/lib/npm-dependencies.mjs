/** The npm packages that lock files pin, in node_modules beside them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './project.mjs';
import { npm, say } from './run.mjs';

/** Microsoft's clients, which the local hub is tested with: apart, as they are old and many. */
export const officialClients = 'tests/official/nodejs';

/** Bundlers and runtimes, which the packed client is tested with: apart, as they are a gigabyte. */
export const environments = 'tests/environments';

/** What makes the documentation's site: apart, as it wants a TypeScript of its own. */
export const documentationSite = 'scripts/docs';

/** @param {string} folder of the lock file, in the project */
export async function installNpmDependencies(folder = '') {
  if (installedAsLocked(folder)) return;
  const lock = join(folder, 'package-lock.json');
  say(`Installing the npm packages of ${lock} with \`npm ci\`.`);
  await npm(['ci'], { cwd: join(root, folder), explain: 'Is the npm registry within reach?' });
}

function installedAsLocked(folder) {
  const { packages } = readJson(join(folder, 'package-lock.json'));
  return Object.entries(packages).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    const place = join(root, folder, path);
    if (locked.link) return existsSync(place);
    // Optional packages are those of other platforms, for the most part.
    return locked.optional || installedVersion(place) === locked.version;
  });
}

function installedVersion(place) {
  try {
    return JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
