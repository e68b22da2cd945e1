// Pages and workers. The WebAssembly module is part of this file and ready once it is imported:
// there is no second file to find or fetch, and nothing to wait for.
export * from './exports.js';
import { bytesOf } from './ascii.js';
import { setPlatform } from './host.js';
import { browser } from './platform.browser.js';
import { start } from './start.js';
// Behind the code, which compresses better.
import text from './iothub_device_client_bg.wasm?text';

setPlatform(browser);

/** The version of this package. */
export const version = start(bytesOf(text));
