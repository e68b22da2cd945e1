/** Debian's package manager, and the rights that it needs. */
import { Failure, findOnPath } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const advice = '`npm run setup -- --system` installs it, with sudo.';

let maySudo = false;

/** From now on, commands that need root run through sudo, which may ask for a password. */
export function allowSudo() {
  maySudo = true;
}

/** Installs Debian packages, or fails with one sentence that says what to do. */
export async function aptInstall(packages, purpose) {
  const apt = findOnPath('apt-get');
  if (!apt) throw new Failure(`${purpose} is missing. Please install it and run this again.`);

  const names = packages.join(' ');
  const [program, ...args] = asRoot(`${purpose} is missing (Debian: ${names}).`);
  args.push('DEBIAN_FRONTEND=noninteractive', apt, '-q');
  const options = { stdio: ['inherit', 'pipe', 'pipe'] };
  await step(`${names}, with apt-get`, 'a minute', async () => {
    // If the index cannot be refreshed, the old one may still have the packages.
    await runInStep(program, [...args, 'update'], options).catch(() => {});
    // Must not remove anything that the user has installed.
    const install = ['install', '-y', '--no-install-recommends', '--no-remove', ...packages];
    await runInStep(program, [...args, ...install], {
      ...options,
      explain: `${purpose} could not be installed: is this machine offline, or its Debian too old?`,
    });
  });
}

/** The words before a command that must run as root. A user's command never uses sudo unasked. */
export function asRoot(reason) {
  if (process.getuid?.() === 0) return ['env'];
  const sudo = maySudo && findOnPath('sudo');
  if (sudo) return [sudo, 'env'];
  throw new Failure(`${reason} ${maySudo ? 'There is no sudo here: run this as root.' : advice}`);
}
