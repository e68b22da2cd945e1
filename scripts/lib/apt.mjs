/** Debian's package manager, and the rights that it takes. */
import { Failure, findOnPath, outputOf, run, say } from './run.mjs';

/** Installs Debian packages, or says in one sentence what the reader has to do. */
export async function aptInstall(packages, purpose) {
  const apt = findOnPath('apt-get');
  if (!apt) throw new Failure(`${purpose} is missing. Please install it and run this again.`);

  const names = packages.join(' ');
  const [program, ...args] = asRoot(`Installing ${names}`);
  say(`${purpose} is missing: installing ${names} with apt-get.`);
  args.push('DEBIAN_FRONTEND=noninteractive', apt, '-q');
  // An index that cannot be refreshed may still know what is wanted.
  await run(program, [...args, 'update']).catch((error) => say(error.message));
  // Nothing that the reader has installed may go for it.
  const install = ['install', '-y', '--no-install-recommends', '--no-remove', ...packages];
  await run(program, [...args, ...install], {
    explain: `${purpose} could not be installed: is this machine offline, or its Debian too old?`,
  });
}

/** The words before a command that is to run as root. */
export function asRoot(purpose) {
  if (process.getuid?.() === 0) return ['env'];
  const sudo = findOnPath('sudo');
  if (sudo && outputOf(sudo, ['-n', 'true']) !== undefined) return [sudo, '-n', 'env'];
  throw new Failure(
    `${purpose} needs root. ` +
      'Please run `sudo -v` in this terminal, or become root, and run this again.',
  );
}
