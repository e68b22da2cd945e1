import { setPlatform } from './host.js';
import { ClientHandle, initSync, version } from './iothub_device_client.js';

/**
 * Starts the module that is a part of an entry. There the halves of each byte are exchanged, as that
 * compresses better.
 * @param {Uint8Array} bytes
 */
export const startInlined = (bytes) => start(bytes.map((byte) => (byte << 4) | (byte >> 4)));

/**
 * Starts the WebAssembly module, and returns the version of the package.
 * @param {BufferSource | WebAssembly.Module} module
 */
export function start(module) {
  initSync({ module });
  setPlatform({ ClientHandle });
  return version();
}
