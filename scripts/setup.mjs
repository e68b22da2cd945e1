/**
 * `npm run setup`: everything that build and tests need, installed where it is missing; what needs
 * root is left out for an ordinary user, unless `-- --system` allows sudo. It can run before the npm
 * packages are there, so it uses nothing but what comes with Node.js.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allowSudo } from './lib/apt.mjs';
import { installChromium, installFirefox } from './lib/browser.mjs';
import {
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
 * Sets up what a build needs and, with `tests`, what the tests need on top of it. As soon as
 * wasm32 can be built, `compile` is called, and runs beside the rest.
 *
 * PATH then holds wasm-pack and wasm-bindgen. The result holds the variables for commands that
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

/** The npm packages of tests, which are apart: of each folder, a step. */
export async function installTestPackages(folders) {
  for (const folder of folders) await installNpmDependencies(folder, 'a minute');
}

/** Where it cannot be installed, says so: the tests that want it are skipped. */
async function unlessMissing(install) {
  try {
    await install();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message}\n  The tests with it will be skipped.`);
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
    await installTestPackages([documentationSite, environments, officialClients]);
    say('Set-up is complete.');
  });
}
