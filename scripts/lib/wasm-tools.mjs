/** wasm-pack and wasm-bindgen at the versions that this project needs, beside the user's own. */
import { rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder, lockedVersion } from './project.mjs';
import { findOnPath, outputOf } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const wasmPackVersion = '0.15.1';

/** A shared target folder: dependencies of both tools are compiled once. */
const sharedTarget = join(cacheFolder, 'build');
/** Compiling the tools takes longer than running them: no optimisation, no symbols. */
const quickly = {
  CARGO_TARGET_DIR: sharedTarget,
  CARGO_PROFILE_DEV_DEBUG: 'false',
  CARGO_INCREMENTAL: '0',
};
/** cargo-binstall downloads a program within seconds, or not at all. */
const DOWNLOAD_MILLISECONDS = 10_000;

/** Whether this process has filled `sharedTarget`, rather than one of another clone. */
let compiled = false;

/** Installs what is missing, and makes sure that both come first on PATH. */
export async function installWasmTools() {
  process.env.WASM_PACK_CACHE ??= join(cacheFolder, 'wasm-pack');
  await install('wasm-pack', wasmPackVersion, 'wasm-pack', 'a minute');
  // The tool and the library share a private format: any other version refuses the module.
  await install('wasm-bindgen-cli', lockedVersion('wasm-bindgen'), 'wasm-bindgen', '2 minutes');
  if (compiled) rmSync(sharedTarget, { recursive: true, force: true });
}

async function install(crate, version, program, about) {
  const onPath = findOnPath(program);
  if (onPath && hasVersion(onPath, version)) return putFirstOnPath(dirname(onPath));

  const folder = join(cacheFolder, `${crate}-${version}`);
  const kept = join(folder, 'bin', program);
  const isThere = () => hasVersion(kept, version);
  const into = [`${crate}@${version}`, '--root', folder, '--force'];
  if (!isThere() && findOnPath('cargo-binstall')) {
    await step(`${crate} ${version}, with cargo-binstall`, '10 s', () =>
      runInStep('cargo', ['binstall', '--no-confirm', '--disable-strategies', 'compile', ...into], {
        timeout: DOWNLOAD_MILLISECONDS,
      }).catch(() => {}),
    );
  }
  if (!isThere()) {
    compiled = true;
    await step(`${crate} ${version}, compiled once for all clones`, about, () =>
      // Not --locked: the crates' lock files name dependencies that not every registry mirror has.
      runInStep('cargo', ['install', '--debug', ...into], {
        env: { ...process.env, ...quickly },
        explain: `${crate} ${version} could not be installed. Can this machine reach the crate registry?`,
      }),
    );
  }
  putFirstOnPath(dirname(kept));
}

function hasVersion(program, version) {
  return outputOf(program, ['--version'])?.split(' ')[1] === version;
}

function putFirstOnPath(folder) {
  process.env.PATH = folder + delimiter + process.env.PATH;
}
