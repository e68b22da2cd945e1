/** `npm run docs`: the documentation as a site, in target/docs. */
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentationSite, installNpmDependencies } from './lib/npm-dependencies.mjs';
import { root } from './lib/project.mjs';
import { outputOf, run, runAsProgram, say } from './lib/run.mjs';
import { checkRust, rustdocFlags } from './lib/rust.mjs';

const site = join(root, 'target', 'docs');

await runAsProgram(async () => {
  await installNpmDependencies(documentationSite);
  await checkRust();
  await rm(site, { recursive: true, force: true });
  const typedoc = join(root, documentationSite, 'node_modules/typedoc/bin/typedoc');
  const options = ['--options', join(documentationSite, 'typedoc.json'), '--out', site];
  await run(process.execPath, [typedoc, ...options], { cwd: root });
  await cp(await documentCore(), join(site, 'core'), { recursive: true });
  // rustdoc links to it, but does not generate one for a single crate.
  await writeFile(
    join(site, 'core', 'index.html'),
    '<!doctype html><meta http-equiv="refresh" content="0; url=iothub_device_client/index.html">',
  );
  say('The documentation is in target/docs: open index.html there.');
});

/** The folder for rustdoc's output: the pages of this crate only. */
async function documentCore() {
  const query = ['metadata', '--no-deps', '--format-version=1'];
  const metadata = outputOf('cargo', query, { cwd: root });
  const folder = join(JSON.parse(metadata).target_directory, 'doc');
  await rm(folder, { recursive: true, force: true });
  const args = ['doc', '--no-deps', '--document-private-items'];
  const env = { ...process.env, RUSTDOCFLAGS: rustdocFlags };
  await run('cargo', args, { cwd: root, env });
  return folder;
}
