/** Microsoft's client for Python, which tests the local hub, in its own virtual environment. */
import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { cacheFolder, readText, root } from './project.mjs';
import { findOnPath, isExecutable, outputOf } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const requirements = 'tests/official/python/requirements.txt';

/** The Python that has the client, or `undefined` if it is not installed. */
export function officialPython() {
  const { python, stamp } = environment();
  return existsSync(stamp) && isExecutable(python) ? python : undefined;
}

/** Installs the client. */
export async function installOfficialPython() {
  if (officialPython()) return;
  const { folder, python, stamp } = environment();
  const anyPython = findPython() ?? (await installPython());
  await step(`Microsoft's client for Python, into ${folder}`, '30 s', async () => {
    rmSync(folder, { recursive: true, force: true });
    await runInStep(anyPython, ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await runInStep(python, [...install, '--requirement', join(root, requirements)]);
    writeFileSync(stamp, '');
  });
}

/**
 * Returns a Python that can create virtual environments; Debian's needs another package for that.
 */
function findPython() {
  const python = findOnPath('python3', 'python');
  const canMakeThem = ['-c', 'import ensurepip, venv'];
  return python && outputOf(python, canMakeThem) !== undefined ? python : undefined;
}

async function installPython() {
  await aptInstall(['python3-venv'], "Python with venv, for the tests with Microsoft's client,");
  return findOnPath('python3');
}

function environment() {
  const version = createHash('sha256').update(readText(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder, `official-python-${version}`);
  const windows = process.platform === 'win32';
  return {
    folder,
    python: windows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python'),
    // Written last: if it exists, the installation is complete.
    stamp: join(folder, 'installed'),
  };
}
