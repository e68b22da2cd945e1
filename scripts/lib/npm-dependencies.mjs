/** The npm packages that lock files pin, in node_modules beside them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './project.mjs';
import { runInStep, step } from './steps.mjs';

/** Microsoft's clients, which the local hub is tested with: apart, as they are old and many. */
export const officialClients = 'tests/official/nodejs';

/** Bundlers and runtimes, which the packed client is tested with: apart, as they are a gigabyte. */
export const environments = 'tests/environments';

/** What makes the documentation's site: apart, as it wants a TypeScript of its own. */
export const documentationSite = 'scripts/docs';

/**
 * @param {string} [folder] of the lock file, in the project
 * @param {string} [about] how long it takes about
 */
export async function installNpmDependencies(folder = '', about = '20 s') {
  if (installedAsLocked(folder)) return;
  await step(`npm packages of ${join(folder, 'package-lock.json')}`, about, () =>
    runInStep('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: join(root, folder),
      // It is a script of the shell there.
      shell: process.platform === 'win32',
      explain: 'Is the npm registry within reach?',
    }),
  );
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
