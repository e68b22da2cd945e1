/**
 * `npm run audit`: checks all dependencies for known vulnerabilities, and the licences and sources
 * of crates. Skips services that it cannot reach, and names them at the end.
 */
import { spawnSync } from 'node:child_process';

import { root } from './lib/project.mjs';
import { Failure, findOnPath, npm, run, runAsProgram, say } from './lib/run.mjs';

/** Each has its own lock file. */
const MANIFESTS = ['Cargo.toml', 'fuzz/Cargo.toml'];

const notChecked = [];

await runAsProgram(async () => {
  try {
    await auditNpmPackages();
    await auditCrates();
    say('The checks found nothing.');
  } finally {
    for (const what of notChecked) console.error(`\nNOT CHECKED: ${what}`);
  }
});

async function auditNpmPackages() {
  if (!npmKnowsVulnerabilities()) {
    return notChecked.push('npm packages: the registry does not support audits');
  }
  await npm(['audit'], { cwd: root, explain: 'See above for what to update.' });
}

/**
 * Whether the registry supports audits: if it does not, `npm audit` fails as if it had found
 * something.
 */
function npmKnowsVulnerabilities() {
  const shell = process.platform === 'win32';
  const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8', shell });
  return 'auditReportVersion' in JSON.parse(stdout || '{}');
}

async function auditCrates() {
  if (!findOnPath('cargo-deny')) {
    throw new Failure(
      'cargo-deny is not installed. Please run `cargo install cargo-deny --locked`, which takes ' +
        'some minutes, then run this again.',
    );
  }
  const checks = ['bans', 'licenses', 'sources'];
  if (spawnSync('cargo', ['deny', 'fetch', 'db'], { cwd: root }).status === 0) {
    checks.push('advisories');
  } else {
    notChecked.push('advisories on crates: the database of RustSec cannot be fetched here');
  }
  for (const manifest of MANIFESTS) {
    say(`${checks.join(', ')} of ${manifest}`);
    await run('cargo', ['deny', '--manifest-path', manifest, 'check', ...checks], { cwd: root });
  }
}
