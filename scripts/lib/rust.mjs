/** Rust for this machine: the compiler, its linker, and the two tools of the lint suites. */
import { aptInstall } from './apt.mjs';
import { crateField, isAtLeast } from './project.mjs';
import { Failure, findOnPath, outputOf } from './run.mjs';
import { runInStep, step } from './steps.mjs';

/** Private items are documented for contributors, and links to them are allowed. */
export const rustdocFlags = '-D warnings -A rustdoc::private-intra-doc-links';

/** Checks that Rust is installed and new enough, and that there is a linker. */
export async function checkRust() {
  const version = rustcVersion('rustc');
  const minimum = crateField('rust-version');
  const advice = 'Please install Rust with rustup (https://rustup.rs) and run this again.';
  if (!version || !findOnPath('cargo')) throw new Failure(`Rust is not installed. ${advice}`);
  if (!isAtLeast(version, minimum)) {
    throw new Failure(`Rust ${version} is too old: ${minimum} or later is needed. ${advice}`);
  }
  if (process.platform === 'linux' && !findOnPath('cc')) {
    await aptInstall(['gcc', 'libc6-dev'], 'A C compiler, which Rust needs for linking,');
  }
}

/** Makes sure that `cargo fmt` and `cargo clippy` exist. */
export async function installLints() {
  const missing = ['rustfmt', 'clippy'].filter(
    (name) => outputOf('cargo', [name === 'rustfmt' ? 'fmt' : name, '--version']) === undefined,
  );
  if (missing.length === 0) return;
  const names = missing.join(' and ');
  if (!findOnPath('rustup')) {
    throw new Failure(`The tests need ${names}. Please install Rust with rustup, which has them.`);
  }
  await step(`${names}, with rustup`, '10 s', () =>
    runInStep('rustup', ['component', 'add', ...missing], {
      explain: `The tests need ${names}. Can rustup download here?`,
    }),
  );
}

/** The `1.95.0` of `rustc 1.95.0 (…)`. */
export function rustcVersion(rustc) {
  return outputOf(rustc, ['--version'])?.split(' ')[1];
}
