/** Debian's package manager, and the rights that it takes. */
import { Failure, findOnPath } from './run.mjs';
import { runInStep, step } from './steps.mjs';

const advice = '`npm run setup -- --system` installs it, with sudo.';

let maySudo = false;

/** From here on what needs root runs through sudo, which may ask for a password. */
export function allowSudo() {
  maySudo = true;
}

/** Installs Debian packages, or says in one sentence what the reader has to do. */
export async function aptInstall(packages, purpose) {
  const apt = findOnPath('apt-get');
  if (!apt) throw new Failure(`${purpose} is missing. Please install it and run this again.`);

  const names = packages.join(' ');
  const [program, ...args] = asRoot(`${purpose} is missing (Debian: ${names}).`);
  args.push('DEBIAN_FRONTEND=noninteractive', apt, '-q');
  const options = { stdio: ['inherit', 'pipe', 'pipe'] };
  await step(`${names}, with apt-get`, 'a minute', async () => {
    // An index that cannot be refreshed may still know what is wanted.
    await runInStep(program, [...args, 'update'], options).catch(() => {});
    // Nothing that the reader has installed may go for it.
    const install = ['install', '-y', '--no-install-recommends', '--no-remove', ...packages];
    await runInStep(program, [...args, ...install], {
      ...options,
      explain: `${purpose} could not be installed: is this machine offline, or its Debian too old?`,
    });
  });
}

/** The words before a command that is to run as root; a user's command never does unasked. */
export function asRoot(reason) {
  if (process.getuid?.() === 0) return ['env'];
  const sudo = maySudo && findOnPath('sudo');
  if (sudo) return [sudo, 'env'];
  throw new Failure(`${reason} ${maySudo ? 'There is no sudo here: become root.' : advice}`);
}
