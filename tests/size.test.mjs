/** What a page downloads to use the client stays within its budget. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

/** A little above the 81,500 of docs/PERFORMANCE.md: compilers differ. */
const budget = 83_000;

test('the entry for pages, which is all of it, compressed with brotli, fits the budget', (t) => {
  const entry = readFileSync(new URL('../pkg/index.browser.js', import.meta.url));
  const size = brotliCompressSync(entry).length;
  t.diagnostic(`note: ${size} of ${budget} bytes`);
  assert.ok(size <= budget, `${size} bytes are over the budget of ${budget}`);
});
