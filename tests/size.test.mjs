/** What a page downloads to use the client stays within its budget. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';

const budget = 70_000;
const pkg = new URL('../pkg/', import.meta.url);

test('module and minified JavaScript, compressed with brotli, fit the budget', async (t) => {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('index.browser.js', pkg))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  const javaScript = compressedSize(bundle.outputFiles[0].contents);
  const wasm = compressedSize(readFileSync(new URL('iothub_device_client_bg.wasm', pkg)));
  const total = javaScript + wasm;

  t.diagnostic(`note: ${total} of ${budget} bytes (${wasm} module, ${javaScript} JavaScript)`);
  assert.ok(total <= budget, `${total} bytes are over the budget of ${budget}`);
});

function compressedSize(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(bytes, { params }).length;
}
