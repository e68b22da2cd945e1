/**
 * `npm run setup`: everything that build and tests need, installed where it is missing. It can run
 * before the npm packages are there, so it uses nothing but what comes with Node.js.
 */
import { fileURLToPath } from 'node:url';
import { findBrowser, installFirefox } from './lib/browser.mjs';
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
 * Sets up what a build needs and, with `tests`, what the tests need on top of it.
 *
 * PATH then holds wasm-pack and wasm-bindgen; with `tests`, CHROME and CHROMEDRIVER name the
 * browser and its driver. The result holds the variables for commands that build for wasm32.
 */
export async function setup({ tests = false } = {}) {
  checkNode();
  await checkRust();
  await installNpmDependencies();
  const wasm = await installWasmTarget();
  await installWasmTools();
  if (tests) {
    await installLints();
    await findBrowser();
    await installFirefox();
    await installNpmDependencies(documentationSite);
    await installNpmDependencies(environments);
    await installNpmDependencies(officialClients);
    await installOfficialPython();
  }
  return { wasmEnvironment: wasm };
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
    await setup({ tests: true });
    say('Set-up is complete.');
  });
}
