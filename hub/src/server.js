import { DeviceRegistry } from './devices.js';
import { createHttpServer } from './http.js';
import { addLocalApi } from './local-api.js';
import { addServiceApi } from './service-api.js';
import { acceptWebSockets, WEB_SOCKET_PATH } from './websocket.js';

/**
 * Starts a hub that lives in this process and forgets everything when it is closed.
 * @param {object} [options]
 * @param {number} [options.port] 0 takes any free one
 * @param {string} [options.host] the address to listen on
 * @param {string} [options.hostname] what devices call the hub, in user names and SAS tokens
 * @param {string[]} [options.devices] names of devices to begin with
 * @param {(line: string) => void} [options.log] is told who comes, who goes and why
 * @returns {Promise<{url: string, endpoint: string, hostname: string,
 *                    close: () => Promise<void>}>}
 */
export async function startHub({
  port = 0,
  host = '127.0.0.1',
  hostname = 'localhub.azure-devices.net',
  devices = [],
  log = () => {},
} = {}) {
  const registry = new DeviceRegistry();
  for (const deviceId of devices) registry.create({ deviceId });

  const app = createHttpServer();
  const address = () => `${host}:${app.server.address().port}`;
  const endpoint = () => `ws://${address()}${WEB_SOCKET_PATH}`;
  addServiceApi(app, { devices: registry });
  addLocalApi(app, { hostname, endpoint, devices: registry });
  const cutConnections = acceptWebSockets(app.server, { hostname, devices: registry, log });
  await app.listen({ port, host });

  return {
    url: `http://${address()}`,
    endpoint: endpoint(),
    hostname,
    close: () => {
      cutConnections();
      return app.close();
    },
  };
}
