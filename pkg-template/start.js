import { setPlatform } from './host.js';
import { ClientHandle, initSync, version } from './iothub_device_client.js';

/**
 * Starts the WebAssembly module, and returns the version of the package.
 * @param {BufferSource | WebAssembly.Module} module
 */
export function start(module) {
  initSync({ module });
  setPlatform({ ClientHandle });
  return version();
}
