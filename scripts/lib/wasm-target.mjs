/**
 * Rust's standard library for wasm32: from rustup, or, if rustup cannot download it, built from the
 * sources that Debian ships. Then only the wasm build uses Debian's compiler; everything else uses
 * the user's own.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, asRoot } from './apt.mjs';
import { crateField, isAtLeast, root } from './project.mjs';
import { rustcVersion } from './rust.mjs';
import { Failure, findOnPath, outputOf, say } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const target = 'wasm32-unknown-unknown';
const targetInVariables = 'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN';
const debianRustc = '/usr/bin/rustc';
const debianCargo = '/usr/bin/cargo';
const debianLinker = 'wasm-ld-19';
const debianLibraries = `/usr/lib/rustlib/${target}/lib`;
/** Written last: if it exists, the library is complete. Names the compiler. */
const stamp = join(debianLibraries, 'built-for');

/** Makes sure that wasm32 can be built. Returns the environment variables that this needs. */
export async function installWasmTarget() {
  if (rustupHasTarget()) return {};
  if (debianHasTarget()) return debianEnvironment();

  if (findOnPath('rustup')) {
    const add = () => runInStep('rustup', ['target', 'add', target]);
    await step(`Rust's ${target}, with rustup`, '10 s', () => add().catch(() => {}));
    if (rustupHasTarget()) return {};
  }
  if (!findOnPath('apt-get')) {
    throw new Failure(
      `Rust's standard library for ${target} is missing. ` +
        `Please run \`rustup target add ${target}\` when rustup can download it, then run this again.`,
    );
  }
  say(`rustup cannot install ${target}: using Debian's Rust for it instead.`);
  await installDebianRust();
  await buildStandardLibrary();
  return debianEnvironment();
}

function rustupHasTarget() {
  const folder = outputOf('rustc', ['--print', 'target-libdir', '--target', target]);
  return folder !== undefined && folder !== debianLibraries && hasStandardLibrary(folder);
}

function hasStandardLibrary(folder) {
  return existsSync(folder) && readdirSync(folder).some((file) => /^libstd-.*\.rlib$/.test(file));
}

function debianHasTarget() {
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === compilerIdentity() &&
    hasStandardLibrary(debianLibraries) &&
    findOnPath(debianLinker) !== undefined
  );
}

function compilerIdentity() {
  return outputOf(debianRustc, ['--version', '--verbose']);
}

function debianEnvironment() {
  const linker = { [`${targetInVariables}_LINKER`]: debianLinker };
  // rustup accepts a folder as a toolchain, so no named link is needed.
  return findOnPath('rustup') ? { RUSTUP_TOOLCHAIN: '/usr', ...linker } : linker;
}

async function installDebianRust() {
  await aptInstall(
    ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-19'],
    "Debian's Rust with its sources and a linker for WebAssembly",
  );
  const version = rustcVersion(debianRustc);
  const minimum = crateField('rust-version');
  if (!version || !isAtLeast(version, minimum)) {
    throw new Failure(
      `Debian's Rust is ${version ?? 'missing'}, but ${minimum} or later is needed. ` +
        `Please run \`rustup target add ${target}\` when rustup can download it, then run this again.`,
    );
  }
}

async function buildStandardLibrary() {
  const [program, ...args] = asRoot(
    `Rust's standard library for ${target} goes to ${debianLibraries}.`,
  );
  const scratch = mkdtempSync(join(tmpdir(), 'wasm32-std-'));
  try {
    const crates = '-Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro';
    await step(`Rust's standard library for ${target}, built from its sources`, 'a minute', () =>
      runInStep(debianCargo, ['build', '--release', '--target', target, crates], {
        cwd: emptyCrate(scratch),
        env: buildStdEnvironment(scratch),
      }),
    );

    const built = join(scratch, 'target', target, 'release', 'deps');
    const libraries = readdirSync(built)
      .filter((file) => file.endsWith('.rlib') && !file.startsWith('libempty-'))
      .map((file) => join(built, file));
    writeFileSync(join(scratch, 'built-for'), compilerIdentity());

    say(`Copying it to ${debianLibraries}.`);
    const files = [...libraries, join(scratch, 'built-for')];
    await runInStep(program, [
      ...args,
      'sh',
      '-ec',
      replaceLibraries,
      'sh',
      debianLibraries,
      ...files,
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  // Builds against an older library no longer match (E0463).
  const targetFolder = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  rmSync(join(targetFolder, target), { recursive: true, force: true });
}

/** For the shell: the folder, then the files in the order in which they must be copied. */
const replaceLibraries = `
  folder=$1; shift
  mkdir -p "$folder"
  rm -f "$folder"/built-for "$folder"/*.rlib
  for file; do cp "$file" "$folder"/; done
  chmod -R a+rX "$folder"
`;

function emptyCrate(folder) {
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src', 'lib.rs'), '#![no_std]\n');
  writeFileSync(
    join(folder, 'Cargo.toml'),
    '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n',
  );
  return folder;
}

function buildStdEnvironment(folder) {
  return {
    ...process.env,
    RUSTC: debianRustc,
    // Debian's compiler is a stable one; -Zbuild-std asks for this.
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_DIR: join(folder, 'target'),
    // Link-time optimisation needs the bitcode.
    [`${targetInVariables}_RUSTFLAGS`]: '-Cembed-bitcode=yes',
  };
}
