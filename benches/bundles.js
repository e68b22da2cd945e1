/** The contenders as a page gets them: bundled and minified. */
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { officialClients } from '../scripts/lib/npm-dependencies.mjs';
import { packages, programOf } from './programs.js';

const WASM = 'iothub_device_client_bg.wasm';
const path = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Writes `page.js` to the folder, and a folder for each contender. */
export async function bundle(contenders, outdir) {
  const options = {
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: { ws: path('shims/websocket.js') },
    logLevel: 'error',
  };
  const entry = (contender) => ({ in: programOf(contender), out: `${contender}/index` });
  const others = contenders.filter((contender) => contender !== 'azure');
  const page = { in: path('page.js'), out: 'page' };
  await build({ ...options, entryPoints: [page, ...others.map(entry)] });
  for (const contender of contenders.filter((name) => name in packages)) {
    if (!fetchesModule(contender, outdir)) continue;
    copyFileSync(join(packages[contender], WASM), join(outdir, contender, WASM));
  }
  if (contenders.includes('azure')) {
    await build({ ...options, ...nodeShims(options), entryPoints: [entry('azure')] });
  }
}

/** What a page downloads for a contender: bytes after brotli. */
export function downloadSize(contender, folder) {
  const files = ['index.js', ...(fetchesModule(contender, folder) ? [WASM] : [])];
  return files
    .map((file) => brotliCompressSync(readFileSync(join(folder, contender, file))).length)
    .reduce((sum, size) => sum + size, 0);
}

/** Earlier packages may have their WebAssembly module in a separate file. */
const fetchesModule = (contender, folder) =>
  readFileSync(join(folder, contender, 'index.js'), 'utf8').includes(WASM);

/** Microsoft's client is for Node.js: in a page, shims must replace Node.js modules. */
function nodeShims({ alias }) {
  const require = createRequire(path(`../${officialClients}/package.json`));
  const library = Object.entries(require('node-stdlib-browser')).filter(([, file]) => file);
  return {
    alias: { ...Object.fromEntries(library), ...alias, 'node:crypto': path('shims/crypto.js') },
    inject: [require.resolve('node-stdlib-browser/helpers/esbuild/shim')],
    mainFields: ['browser', 'module', 'main'],
  };
}
