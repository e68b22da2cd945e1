/** Microsoft's client for Python, which the local hub is tested with, in its own environment. */
import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, readText, root } from './project.mjs';
import { Failure, findOnPath, isExecutable, run, say } from './run.mjs';

const requirements = 'tests/official/python/requirements.txt';

/** The Python that has the client, or `undefined` where it is not installed. */
export function officialPython() {
  const { python, stamp } = environment();
  return existsSync(stamp) && isExecutable(python) ? python : undefined;
}

/** Installs the client; where that fails, says so: the tests with it are skipped then. */
export async function installOfficialPython() {
  if (officialPython()) return;
  const { folder, python, stamp } = environment();
  const anyPython = findOnPath('python3', 'python');
  try {
    if (!anyPython) throw new Failure('There is no Python here.');
    say(`Installing Microsoft's Python client into ${folder}.`);
    rmSync(folder, { recursive: true, force: true });
    await run(anyPython, ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...install, '--requirement', join(root, requirements)]);
    writeFileSync(stamp, '');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message}\n  The tests with Microsoft's Python client will be skipped.`);
  }
}

function environment() {
  const version = createHash('sha256').update(readText(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder, `official-python-${version}`);
  const windows = process.platform === 'win32';
  return {
    folder,
    python: windows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python'),
    // Written last, so that it stands for a whole installation.
    stamp: join(folder, 'installed'),
  };
}
