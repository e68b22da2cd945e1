/** Each bundler as its users run it: no setting and no plug-in but what it says here. */
import { cp, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import nodeResolve from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

const WASM = 'node_modules/iothub-device-client/iothub_device_client_bg.wasm';

/** Each makes `dist/` in the folder of a project. */
export const bundlers = {
  Vite: (root) => vite.build({ root, logLevel: 'error' }),

  async 'webpack 5'(context) {
    const options = { context, mode: 'production', entry: './main.js' };
    const stats = await promisify(webpack)({ ...options, output: { path: join(context, 'dist') } });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    await writePage(context, '<script defer src="main.js"></script>');
  },

  async Rollup(folder) {
    const input = join(folder, 'main.js');
    // Without it, Rollup takes nothing from node_modules at all.
    const bundle = await rollup({ input, plugins: [nodeResolve()] });
    await bundle.write({ dir: join(folder, 'dist') });
    await copyModule(folder);
    await writePage(folder, '<script type="module" src="main.js"></script>');
  },

  async esbuild(absWorkingDir) {
    const options = { entryPoints: ['main.js'], bundle: true, format: 'esm', outdir: 'dist' };
    await esbuild.build({ ...options, absWorkingDir, logLevel: 'error' });
    await copyModule(absWorkingDir);
    await writePage(absWorkingDir, '<script type="module" src="main.js"></script>');
  },
};

/** How many WebAssembly modules a bundle came to. */
export async function countModules(folder) {
  const files = await readdir(join(folder, 'dist'), { recursive: true });
  return files.filter((file) => file.endsWith('.wasm')).length;
}

/** The one line of the README: these two take no files but JavaScript along by themselves. */
const copyModule = (folder) => cp(join(folder, WASM), join(folder, 'dist', basename(WASM)));

const writePage = (folder, script) =>
  writeFile(
    join(folder, 'dist', 'index.html'),
    `<!doctype html>\n<title>A bundle</title>\n<link rel="icon" href="data:,">\n${script}\n`,
  );
