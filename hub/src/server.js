import { addBlobApi } from './blob-api.js';
import { BlobStore } from './blob-store.js';
import { CertificateAuthority, issueSelfSigned } from './certificates.js';
import { DeviceRegistry } from './devices.js';
import { addFileApi } from './file-api.js';
import { createHttpServer } from './http.js';
import { addLocalApi } from './local-api.js';
import { createPolicies } from './policies.js';
import { addServiceApi } from './service-api.js';
import { createTlsServer } from './tls.js';
import { acceptWebSockets, WEB_SOCKET_PATH } from './websocket.js';

/**
 * What the parts of the hub share. `endpoints` is complete when the hub listens.
 * @typedef {{hostname: string, devices: DeviceRegistry, policies: import('./policies.js').Policies,
 *            blobs: BlobStore, authority?: CertificateAuthority, log: (line: string) => void,
 *            endpoints: {url?: string, endpoint?: string, secureUrl?: string,
 *                        secureEndpoint?: string}}} Hub
 */

/**
 * Starts a hub that lives in this process and forgets everything when it is closed.
 * @param {object} [options]
 * @param {number} [options.port] 0 takes any free one
 * @param {boolean | number} [options.https] TLS beside it: the port, or true for any free one
 * @param {string} [options.caDirectory] keeps the local CA over restarts
 * @param {string} [options.host] the address to listen on
 * @param {string} [options.hostname] what devices call the hub, in user names and SAS tokens
 * @param {string[]} [options.devices] names of devices to begin with
 * @param {(line: string) => void} [options.log] is told who comes, who goes and why
 */
export async function startHub({
  port = 0,
  https = false,
  caDirectory,
  host = '127.0.0.1',
  hostname = 'localhub.azure-devices.net',
  devices = [],
  log = () => {},
} = {}) {
  const registry = new DeviceRegistry();
  for (const deviceId of devices) registry.create({ deviceId });
  const hub = {
    hostname,
    devices: registry,
    policies: createPolicies(),
    blobs: new BlobStore(),
    authority: https === false ? undefined : await CertificateAuthority.open(caDirectory),
    log,
    endpoints: {},
  };
  const app = createHttpServer();
  for (const addApi of [addServiceApi, addLocalApi, addFileApi, addBlobApi]) addApi(app, hub);
  const tlsServer = hub.authority && (await createSecureServer(app, hub.authority));
  const servers = tlsServer ? [app.server, tlsServer] : [app.server];
  const cutConnections = acceptWebSockets(servers, hub);
  const close = async () => {
    cutConnections();
    tlsServer?.close();
    tlsServer?.closeAllConnections();
    await app.close();
  };
  try {
    await app.listen({ port, host });
    if (tlsServer) await listen(tlsServer, https === true ? 0 : https, host);
  } catch (error) {
    await close();
    throw error;
  }
  Object.assign(hub.endpoints, endpointsOf(host, servers));
  return { ...hub.endpoints, hostname, policies: hub.policies, ...certificates(hub), close };
}

async function createSecureServer(app, authority) {
  const { cert, key } = await authority.issueForServer();
  await app.ready();
  return createTlsServer({ cert, key, ca: authority.cert }, app.routing);
}

function listen(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function endpointsOf(host, [server, tlsServer]) {
  const address = `${host}:${server.address().port}`;
  const plain = { url: `http://${address}`, endpoint: `ws://${address}${WEB_SOCKET_PATH}` };
  if (!tlsServer) return plain;
  const secureAddress = `localhost:${tlsServer.address().port}`;
  return {
    ...plain,
    secureUrl: `https://${secureAddress}`,
    secureEndpoint: `wss://${secureAddress}${WEB_SOCKET_PATH}`,
  };
}

function certificates({ authority }) {
  if (!authority) return {};
  return {
    ca: authority.cert,
    issueCertificate: (commonName) => authority.issueForClient(commonName),
    issueSelfSignedCertificate: issueSelfSigned,
  };
}
