/**
 * `npm run setup`: installs everything that build and tests need. Without root it skips what needs
 * root, unless `-- --system` allows sudo. It runs before the npm packages are installed, so it uses
 * only Node.js itself.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allowSudo } from './lib/apt.mjs';
import { installChromium, installFirefox } from './lib/browser.mjs';
import {
  artillery,
  documentationSite,
  environments,
  installNpmDependencies,
  officialClients,
} from './lib/npm-dependencies.mjs';
import { installOfficialPython } from './lib/official-python.mjs';
import { isAtLeast, readJson } from './lib/project.mjs';
import { Failure, runAsProgram, say } from './lib/run.mjs';
import { checkRust, installLints } from './lib/rust.mjs';
import { installWasmTarget } from './lib/wasm-target.mjs';
import { installWasmTools } from './lib/wasm-tools.mjs';

/**
 * Sets up what a build needs and, with `tests`, also what the tests need. Calls `compile` as soon
 * as wasm32 can be built; that runs at the same time as the rest.
 *
 * Puts wasm-pack and wasm-bindgen on PATH. Returns the environment variables for commands that
 * build for wasm32.
 */
export async function setup({ tests = false, compile = async () => {} } = {}) {
  checkNode();
  await checkRust();
  const target = installWasmTarget();
  await Promise.all([installNpmDependencies(), installWasmTools(), target.then(compile)]);
  if (tests) {
    await installLints();
    await unlessMissing(installChromium);
    await unlessMissing(installFirefox);
    await unlessMissing(installOfficialPython);
  }
  return { wasmEnvironment: await target };
}

/** Installs the separate npm packages of tests: one step for each folder. */
export async function installTestPackages(folders) {
  for (const folder of folders) await installNpmDependencies(folder, 'a minute');
}

/** If it cannot be installed, says so: the tests that need it are skipped. */
async function unlessMissing(install) {
  try {
    await install();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message}\n  The tests that need it will be skipped.`);
  }
}

function checkNode() {
  const minimum = readJson('package.json').engines.node.replace('>=', '');
  if (!isAtLeast(process.versions.node, minimum)) {
    throw new Failure(
      `Node.js ${process.versions.node} is too old: ${minimum} or later is needed. ` +
        'Please install one (https://nodejs.org) and run this again.',
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runAsProgram(async () => {
    if (parseArgs({ options: { system: { type: 'boolean' } } }).values.system) allowSudo();
    await setup({ tests: true });
    await installTestPackages([artillery, documentationSite, environments, officialClients]);
    say('Set-up is complete.');
  });
}
