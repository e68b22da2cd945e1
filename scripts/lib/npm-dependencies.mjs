/** Installs the npm packages that lock files pin, into node_modules beside them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './project.mjs';
import { runInStep, step } from './steps.mjs';

/** Microsoft's clients, which test the local hub: separate, because they are old and many. */
export const officialClients = 'tests/official/nodejs';

/** Bundlers and runtimes, which test the packed client: separate, because they take a gigabyte. */
export const environments = 'tests/environments';

/** Artillery, with which its engine is tested: separate, because it takes 600 MB. */
export const artillery = 'tests/artillery';

/** What builds the documentation site: separate, because it needs another version of TypeScript. */
export const documentationSite = 'scripts/docs';

/**
 * @param {string} [folder] of the lock file, in the project
 * @param {string} [about] about how long it takes
 */
export async function installNpmDependencies(folder = '', about = '20 s') {
  if (installedAsLocked(folder)) return;
  await step(`npm packages of ${join(folder, 'package-lock.json')}`, about, () =>
    runInStep('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: join(root, folder),
      // A dependency of Artillery would download browsers, which no test uses.
      env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
      // On Windows, npm is a shell script.
      shell: process.platform === 'win32',
      explain: 'Can this machine reach the npm registry?',
    }),
  );
}

function installedAsLocked(folder) {
  const { packages } = readJson(join(folder, 'package-lock.json'));
  return Object.entries(packages).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    const place = join(root, folder, path);
    if (locked.link) return existsSync(place);
    // Most optional packages are for other platforms.
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
