// Pages and module workers: the module is ready when its import is.
import { setPlatform } from './host.js';
import init, { version as wasmVersion } from './iothub_device_client.js';
import { abortSocket, createTransport, openSocket, request } from './transport.browser.js';

setPlatform({
  platform: typeof document === 'undefined' ? 'worker' : 'browser',
  createTransport,
  openSocket,
  abortSocket,
  request,
});

await init();

/** The version of this package. */
export const version = wasmVersion();
export * from './exports.js';
