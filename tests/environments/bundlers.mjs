/** Each bundler as its users run it, with only the settings and plug-ins shown here. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import nodeResolve from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

/**
 * Bundles a script into `dist/` in the folder of the project, with a page.
 * @type {Record<string, (folder: string, script: string) => Promise<void>>}
 */
export const bundlers = {
  async Vite(root, script) {
    await writePage(root, script);
    await vite.build({ root, logLevel: 'error' });
  },

  async 'webpack 5'(context, script) {
    const output = { path: join(context, 'dist') };
    // It warns about bundles above 244 KiB, before compression.
    const performance = { hints: false };
    const options = { context, mode: 'production', entry: `./${script}`, output, performance };
    const stats = await promisify(webpack)(options);
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    await writePage(output.path, 'main.js', 'defer');
  },

  async Rollup(folder, script) {
    // Without this plug-in it does not search node_modules.
    const bundle = await rollup({ input: join(folder, script), plugins: [nodeResolve()] });
    await bundle.write({ dir: join(folder, 'dist') });
    await writePage(join(folder, 'dist'), script);
  },

  async esbuild(folder, script) {
    await bundleByEsbuild(folder, script);
    await writePage(join(folder, 'dist'), script);
  },
};

/** A page served by Vite without a build. */
export async function serveByVite(root, script) {
  await writePage(root, script);
  const options = { root, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } };
  const server = await (await vite.createServer(options)).listen();
  return { url: server.resolvedUrls.local[0], stop: () => server.close() };
}

/** As Cloudflare's own tool does, which would install hundreds of megabytes. */
export function bundleForWorkerd(folder, script) {
  const conditions = ['workerd', 'worker', 'browser'];
  const loader = { '.wasm': 'copy' };
  return bundleByEsbuild(folder, script, { conditions, loader, assetNames: '[name]' });
}

function bundleByEsbuild(absWorkingDir, script, more) {
  const options = { bundle: true, format: 'esm', outdir: 'dist', logLevel: 'error', ...more };
  return esbuild.build({ entryPoints: [script], absWorkingDir, ...options });
}

export const writePage = (folder, script, attribute = 'type="module"') =>
  writeFile(
    join(folder, 'index.html'),
    '<!doctype html>\n<title>A bundle</title>\n<link rel="icon" href="data:,">\n' +
      `<script ${attribute} src="${script}"></script>\n`,
  );
