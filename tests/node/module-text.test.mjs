/** The text that the WebAssembly module is in the JavaScript of pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeModule, encodeModule } from '../../pkg-template/module-text.js';

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test('every byte comes back, beside every other', () => {
  const pairs = Uint8Array.from({ length: 2 * 256 * 256 }, (_, index) =>
    index % 2 ? index >> 1 : index >> 9,
  );
  for (const bytes of [allBytes, pairs, new Uint8Array()]) {
    assert.deepEqual(decodeModule(encodeModule(bytes)), bytes);
  }
});

test('the text is ASCII that neither JavaScript, in any quotes, nor HTML has to escape', () => {
  assert.match(encodeModule(allBytes), /^[ -~]+$/);
  assert.doesNotMatch(encodeModule(allBytes), /["'`\\$<&]/);
});
