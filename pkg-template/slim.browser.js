// For pages and workers that load the WebAssembly module as a separate file.
import { setPlatform } from './host.js';
import load, { ClientHandle, version as wasmVersion } from './iothub_device_client.js';
import { browser } from './platform.browser.js';

setPlatform(browser);

/** The version of this package, from `init()` on. */
export let version;

/** Loads the WebAssembly module: once, however often it is called. */
export async function init(wasm) {
  if (wasm === undefined) {
    throw new TypeError(
      'init takes the WebAssembly module, its bytes, its URL or a Response with it: ' +
        'iothub-device-client/iothub_device_client_bg.wasm',
    );
  }
  await load({ module_or_path: wasm });
  setPlatform({ ClientHandle });
  version = wasmVersion();
}

export * from './exports.js';
