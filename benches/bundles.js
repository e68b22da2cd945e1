/** The contenders as a page gets them: bundled and minified. */
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { officialClients } from '../scripts/lib/npm-dependencies.mjs';

const WASM = 'iothub_device_client_bg.wasm';
const path = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Writes `page.js`, and a file for each contender, to the folder. */
export async function bundle(contenders, outdir) {
  const options = {
    outdir,
    outbase: path('.'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: { ws: path('shims/websocket.js') },
    logLevel: 'error',
  };
  const entry = (contender) => path(`contenders/${contender}.js`);
  const others = contenders.filter((contender) => contender !== 'azure');
  await build({ ...options, entryPoints: [path('page.js'), ...others.map(entry)] });
  if (contenders.includes('ours')) {
    copyFileSync(path(`../pkg/${WASM}`), join(outdir, 'contenders', WASM));
  }
  if (contenders.includes('azure')) {
    await build({ ...options, ...nodeShims(options), entryPoints: [entry('azure')] });
  }
}

/** What a page downloads for a contender: bytes after brotli. */
export function downloadSize(contender, folder) {
  const files = [`${contender}.js`, ...(contender === 'ours' ? [WASM] : [])];
  return files
    .map((file) => brotliCompressSync(readFileSync(join(folder, 'contenders', file))).length)
    .reduce((sum, size) => sum + size, 0);
}

/** Microsoft's client is for Node.js: what it takes from there has to come from somewhere else. */
function nodeShims({ alias }) {
  const require = createRequire(path(`../${officialClients}/package.json`));
  const library = Object.entries(require('node-stdlib-browser')).filter(([, file]) => file);
  return {
    alias: { ...Object.fromEntries(library), ...alias, 'node:crypto': path('shims/crypto.js') },
    inject: [require.resolve('node-stdlib-browser/helpers/esbuild/shim')],
    mainFields: ['browser', 'module', 'main'],
  };
}
