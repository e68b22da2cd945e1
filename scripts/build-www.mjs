/** Builds the simulator from `www/` in `target/www/`, which any static server can serve. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { root } from './lib/project.mjs';

const www = join(root, 'www');
const MODULE = 'iothub_device_client_bg.wasm';

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
    // Code that the page and the worker share is loaded once.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    minify: true,
    format: 'esm',
    target: 'es2022',
    alias: {
      'iothub-device-client': join(www, 'fleet', 'client.js'),
      'iothub-device-client/slim': join(root, 'pkg', 'slim.browser.js'),
      'iothub-device-client/indexeddb-store': join(root, 'pkg', 'indexeddb-store.js'),
    },
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  cpSync(join(www, 'index.html'), join(simulatorFolder, 'index.html'));
  cpSync(join(root, 'pkg', MODULE), join(simulatorFolder, MODULE));
  // The server of `npm start` replaces it. Without a file, browsers log an error for each request.
  writeFileSync(join(simulatorFolder, 'local-hub.json'), 'null\n');
  for (const name of readdirSync(simulatorFolder)) compress(join(simulatorFolder, name));
}

const WORTH_COMPRESSING = 1024;

/** Writes compressed copies beside a file, for servers that send them. */
function compress(file) {
  if (statSync(file).size < WORTH_COMPRESSING) return;
  const content = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
  writeFileSync(`${file}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
}
