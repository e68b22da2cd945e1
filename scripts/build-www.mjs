/** The simulator: the files of `www/` in `target/www/`, which any static server can serve. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/project.mjs';

const www = join(root, 'www');

/** Where the simulator is, once it is built. */
export const simulatorFolder = join(root, 'target', 'www');

/** Uses the package in `pkg/`, which must exist. */
export async function buildWww() {
  // Set-up may have only just installed it.
  const { build } = await import('esbuild');
  rmSync(simulatorFolder, { recursive: true, force: true });
  mkdirSync(simulatorFolder, { recursive: true });
  await build({
    entryPoints: {
      page: join(www, 'ui', 'main.jsx'),
      fleet: join(www, 'fleet', 'worker.js'),
      style: join(www, 'style.css'),
    },
    outdir: simulatorFolder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    alias: {
      'iothub-device-client': join(root, 'pkg', 'index.browser.js'),
      'iothub-device-client/indexeddb-store': join(root, 'pkg', 'indexeddb-store.js'),
    },
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  cpSync(join(www, 'index.html'), join(simulatorFolder, 'index.html'));
}
