/** `npm run fuzz -- TARGET [SECONDS]`: libFuzzer on one entry point of `tests/protocol/fuzzing`. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/project.mjs';
import { Failure, run, runAsProgram } from './lib/run.mjs';

await runAsProgram(async () => {
  const [target = '', seconds = '60'] = process.argv.slice(2);
  const fuzz = join(root, 'fuzz');
  if (!/^\w+$/.test(target) || !existsSync(join(fuzz, 'fuzz_targets', `${target}.rs`))) {
    throw new Failure(
      'Usage: npm run fuzz -- TARGET [SECONDS]; the targets are the files in fuzz/fuzz_targets',
    );
  }
  const corpus = join(fuzz, 'corpus', target);
  mkdirSync(corpus, { recursive: true });
  const folders = [corpus, join(fuzz, 'seeds', target)].filter(existsSync);
  // Without a sanitizer: only dependencies have unsafe code, and libFuzzer is faster without.
  const command = ['fuzz', 'run', '-s', 'none', target, ...folders];
  await run('cargo', [...command, '--', `-max_total_time=${seconds}`], {
    cwd: root,
    // libFuzzer's flags need a nightly compiler; this variable makes a stable one accept them.
    env: { ...process.env, RUSTC_BOOTSTRAP: '1' },
    explain: 'It needs `cargo install cargo-fuzz --locked` and a C++ compiler.',
  });
});
