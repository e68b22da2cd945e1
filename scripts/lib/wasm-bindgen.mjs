/** wasm-bindgen at the version that this project needs, beside the user's own. */
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder, lockedVersion } from './project.mjs';
import { findOnPath, outputOf } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const program = 'wasm-bindgen';
/** Compiling it takes longer than running it: no optimisation, no symbols. */
const quickly = { CARGO_PROFILE_DEV_DEBUG: 'false', CARGO_INCREMENTAL: '0' };
/** cargo-binstall downloads a program within seconds, or not at all. */
const DOWNLOAD_MILLISECONDS = 10_000;

/** Installs wasm-bindgen and its test runner if they are missing, and puts them first on PATH. */
export async function installWasmBindgen() {
  // The tool and the library share a private format: any other version refuses the module.
  const version = lockedVersion('wasm-bindgen');
  const onPath = findOnPath(program);
  if (onPath && hasVersion(onPath, version)) return putFirstOnPath(dirname(onPath));

  const crate = `wasm-bindgen-cli@${version}`;
  const folder = join(cacheFolder, `wasm-bindgen-cli-${version}`);
  const kept = join(folder, 'bin', program);
  const isThere = () => hasVersion(kept, version);
  const into = [crate, '--root', folder, '--force'];
  if (!isThere() && findOnPath('cargo-binstall')) {
    await step(`${crate}, with cargo-binstall`, '10 s', () =>
      runInStep('cargo', ['binstall', '--no-confirm', '--disable-strategies', 'compile', ...into], {
        timeout: DOWNLOAD_MILLISECONDS,
      }).catch(() => {}),
    );
  }
  if (!isThere()) {
    await step(`${crate}, compiled once for all clones`, '2 minutes', () =>
      // Not --locked: the crate's lock file names dependencies that not every registry mirror has.
      runInStep('cargo', ['install', '--debug', ...into], {
        env: { ...process.env, ...quickly },
        explain: `${crate} could not be installed. Is the crate registry within reach?`,
      }),
    );
  }
  putFirstOnPath(dirname(kept));
}

function hasVersion(file, version) {
  return outputOf(file, ['--version'])?.split(' ')[1] === version;
}

function putFirstOnPath(folder) {
  process.env.PATH = folder + delimiter + process.env.PATH;
}
