// Pages and workers. The WebAssembly module is part of this file and ready once it is imported:
// there is no second file to find or fetch, and nothing to wait for.
export * from './exports.js';
import { setPlatform } from './host.js';
import { browser } from './platform.browser.js';
import { start } from './start.js';
// Behind the code, which compresses better.
import digits from './iothub_device_client_bg.wasm?hex';

setPlatform(browser);

/** The version of this package. */
export const version = start(bytesOf(digits));

/**
 * Browsers have had `Uint8Array.fromHex` since 2024 or 2025.
 * @param {string} digits
 */
function bytesOf(digits) {
  const { fromHex } = /** @type {any} */ (Uint8Array);
  if (fromHex) return fromHex.call(Uint8Array, digits);
  const byteAt = (index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  return new Uint8Array(digits.length / 2).map((_, index) => byteAt(index));
}
