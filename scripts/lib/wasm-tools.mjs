/** wasm-pack and wasm-bindgen at the versions that this project wants, beside what the user has. */
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder, lockedVersion } from './project.mjs';
import { findOnPath, outputOf, run, say } from './run.mjs';

const wasmPackVersion = '0.15.1';

/** Makes sure that both come first on PATH. */
export async function installWasmTools() {
  await install('wasm-pack', wasmPackVersion, 'wasm-pack');
  // The tool and the library speak a private format: any other version refuses the module.
  await install('wasm-bindgen-cli', lockedVersion('wasm-bindgen'), 'wasm-bindgen');
}

async function install(crate, version, program) {
  const onPath = findOnPath(program);
  if (onPath && hasVersion(onPath, version)) return putFirstOnPath(dirname(onPath));

  const folder = join(cacheFolder, `${crate}-${version}`);
  const kept = join(folder, 'bin', program);
  if (!hasVersion(kept, version)) {
    say(`Building ${crate} ${version} into ${folder} (once; it takes a minute or three).`);
    // Not --locked: the crates' lock files name dependencies that not every registry mirror has.
    await run('cargo', ['install', crate, '--version', version, '--root', folder, '--force'], {
      explain: `${crate} ${version} could not be installed. Is the crate registry within reach?`,
    });
  }
  putFirstOnPath(dirname(kept));
}

function hasVersion(program, version) {
  return outputOf(program, ['--version'])?.split(' ')[1] === version;
}

function putFirstOnPath(folder) {
  process.env.PATH = folder + delimiter + process.env.PATH;
}
