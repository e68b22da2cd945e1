import { isIPv6 } from 'node:net';
import { addBlobApi } from './blob-api.js';
import { BlobStore } from './blob-store.js';
import { newBudgets } from './budget.js';
import { DeviceRegistry } from './devices.js';
import { HubError } from './errors.js';
import { HubFaults } from './faults.js';
import { Feedback } from './feedback.js';
import { addFileApi } from './file-api.js';
import { addHealthApi } from './health-api.js';
import { createHttpServer, isLoopback } from './http.js';
import { settingsOf } from './identity-json.js';
import { addLocalApi } from './local-api.js';
import { inProcess } from './in-process.js';
import { addPage } from './page.js';
import { createPolicies, OWNER_POLICY, serviceConnectionString } from './policies.js';
import { addRegistrationLocalApi } from './provisioning/local-api.js';
import { ProvisioningService } from './provisioning/service.js';
import { addProvisioningApi } from './provisioning/service-api.js';
import { reset } from './reset.js';
import { createSasToken } from './sas-token.js';
import { addServiceApi } from './service-api.js';
import { createSettings } from './settings.js';
import { DiskStore, MemoryStore } from './store.js';
import { createTlsServer } from './tls.js';
import { acceptWebSockets, WEB_SOCKET_PATH } from './websocket.js';

const APIS = [
  ...[addHealthApi, addServiceApi, addLocalApi, addFileApi, addBlobApi],
  ...[addProvisioningApi, addRegistrationLocalApi],
];

/**
 * The state that the parts of the hub share. `endpoints` is complete when the hub listens.
 * @typedef {{hostname: string, store: DiskStore | MemoryStore,
 *            settings: import('./settings.js').Settings, faults: HubFaults, feedback: Feedback,
 *            budgets: ReturnType<typeof newBudgets>, devices: DeviceRegistry,
 *            policies: import('./policies.js').Policies, blobs: BlobStore,
 *            provisioning: ProvisioningService,
 *            authority?: import('./certificates.js').CertificateAuthority, log: (line: string) => void,
 *            endpoints: {url: string, endpoint: string, secureUrl?: string,
 *                        secureEndpoint?: string}}} Hub
 */

/**
 * An initial device of a hub, or a module with its device.
 * @typedef {{deviceId: string, moduleId?: string, status?: 'enabled' | 'disabled',
 *            authentication?: object}} DeviceOption
 * @typedef {{id: {deviceId: string, moduleId?: string},
 *            settings?: Partial<import('./identity.js').IdentitySettings>}} FirstDevice
 */

/**
 * The provisioning service of a hub. Enrollments are names, or objects as in the service's API;
 * missing ones are created, existing ones are updated.
 * @typedef {{idScope: string, enrollments: (string | object)[],
 *            enrollmentGroups: (string | object)[],
 *            linkedHubs: {url: string, serviceConnectionString: string}[]}} ProvisioningOptions
 */

/**
 * Starts a hub in this process; without `data`, everything is lost when it is closed.
 * @param {object} [options]
 * @param {number} [options.port] 0 for any free port
 * @param {boolean | number} [options.https] also listens with TLS: the port, or true for any free
 *   one
 * @param {string} [options.data] the directory that keeps everything across restarts
 * @param {string} [options.caDirectory] keeps the local CA across restarts; by default that of
 *   `data`
 * @param {string} [options.host] the address to listen on
 * @param {string} [options.hostname] the hub's name in user names and SAS tokens of devices
 * @param {(string | DeviceOption)[]} [options.devices] created if missing; existing ones get the
 *   given authentication or status
 * @param {string} [options.idScope] of the provisioning service
 * @param {ProvisioningOptions['enrollments']} [options.enrollments] of single devices
 * @param {ProvisioningOptions['enrollmentGroups']} [options.enrollmentGroups]
 * @param {ProvisioningOptions['linkedHubs']} [options.linkedHubs] other hubs that it assigns
 *   devices to
 * @param {Partial<import('./settings.js').Settings>} [options.settings]
 * @param {boolean} [options.page] serves the page at `/`; default: true if only this machine can
 *   reach it
 * @param {(line: string) => void} [options.log] called with who connects, who disconnects and why
 * @returns {Promise<import('../index.d.ts').Hub>}
 */
export async function startHub({
  port = 0,
  https = false,
  data,
  caDirectory = data,
  host = '127.0.0.1',
  hostname = 'localhub.azure-devices.net',
  devices = [],
  idScope = '0neLOCALHUB',
  enrollments = [],
  enrollmentGroups = [],
  linkedHubs = [],
  settings,
  page = isLoopback(host),
  log = () => {},
  ...unknown
} = {}) {
  for (const name of Object.keys(unknown)) {
    throw new HubError('ArgumentInvalid', `startHub has no option "${name}".`);
  }
  checkNames(host, hostname);
  const store = data === undefined ? new MemoryStore() : await DiskStore.open(data);
  try {
    const hub = /** @type {Hub} */ ({
      hostname,
      store,
      settings: createSettings(settings),
      faults: new HubFaults(),
      feedback: await Feedback.open(store),
      budgets: newBudgets(),
      policies: await store.keep('policies', createPolicies),
      blobs: await BlobStore.open(store),
      authority: https === false ? undefined : await openAuthority(caDirectory),
      log: (line) => log(printable(line)),
      endpoints: {},
    });
    hub.devices = await DeviceRegistry.open(hub);
    const provisioning = { idScope, enrollments, enrollmentGroups, linkedHubs };
    hub.provisioning = await ProvisioningService.open(hub, provisioning);
    const first = ensureDevices(hub.devices, devices.map(readDevice));
    const close = await listen(hub, { port, https, host, page });
    await new Promise((resolve) => store.whenSaved(resolve));
    return {
      ...hub.endpoints,
      hostname,
      policies: hub.policies,
      devices: first.map(({ id }) => describe(hub.devices, id, hostname)),
      idScope,
      enrollmentGroups: hub.provisioning.groups.all.map(describeGroup),
      ...backEndAccess(hub),
      ...certificates(hub),
      ...inProcess(hub),
      reset: () => reset(hub, { settings, devices: first }),
      async close() {
        await close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Loaded only by hubs with TLS: forge takes a tenth of the time of a start. */
async function openAuthority(directory) {
  const { CertificateAuthority } = await import('./certificates.js');
  return CertificateAuthority.open(directory);
}

/** Names must be valid in topics, URLs, tokens and connection strings. */
function checkNames(host, hostname) {
  if (host === '') throw new HubError('ArgumentInvalid', 'The host is empty: give an address.');
  if (/^[\w.-]{1,253}$/.test(hostname)) return;
  const reason = `"${hostname}" is not a hostname: 1 to 253 of A-Z a-z 0-9 - . _`;
  throw new HubError('ArgumentInvalid', reason);
}

/** @returns {FirstDevice} */
function readDevice(option) {
  if (typeof option === 'string') return { id: { deviceId: option } };
  const { deviceId, moduleId, ...settings } = option;
  const isGiven = Object.keys(settings).length > 0;
  return { id: { deviceId, moduleId }, settings: isGiven ? settingsOf(settings) : undefined };
}

/**
 * @param {DeviceRegistry} registry
 * @param {FirstDevice[]} first
 * @returns {FirstDevice[]} with their keys
 */
function ensureDevices(registry, first) {
  const identities = first.map(({ id, settings }) => registry.ensure(id, settings));
  const twice = identities.find((identity, index) => identities.indexOf(identity) < index);
  if (twice)
    throw new HubError(
      'DeviceAlreadyExists',
      `"${twice.id}" is in the list of devices more than once.`,
    );
  return first.map(({ id, settings }, index) => {
    const { primaryKey, secondaryKey } = identities[index];
    return { id, settings: { ...settings, primaryKey, secondaryKey } };
  });
}

/**
 * @param {DeviceRegistry} registry
 * @param {FirstDevice['id']} id
 * @param {string} hostname
 */
const describe = (registry, { deviceId, moduleId }, hostname) => ({
  deviceId,
  moduleId,
  connectionString: registry.get(deviceId, moduleId).connectionString(hostname),
});

/** @param {import('./provisioning/enrollments.js').Enrollment} group */
const describeGroup = ({ enrollmentGroupId, attestation }) => ({
  enrollmentGroupId,
  ...attestation.symmetricKey,
});

/** @returns {Promise<() => Promise<void>>} resolves with a function that closes it */
async function listen(hub, { port, https, host, page }) {
  const names = ['localhost', host, hub.hostname.toLowerCase()];
  const app = await createHttpServer(hub, isLoopback(host) ? names : undefined);
  for (const addApi of APIS) addApi(app, hub);
  if (page) addPage(app, hub, { names });
  const tlsServer = hub.authority && (await createSecureServer(app, hub.authority, host));
  const servers = tlsServer ? [app.server, tlsServer] : [app.server];
  const cutConnections = acceptWebSockets(servers, hub);
  const endSockets = trackSockets(servers);
  const close = async () => {
    cutConnections();
    endSockets();
    tlsServer?.close();
    await app.close();
  };
  try {
    await app.listen({ port, host });
    if (tlsServer) await listenSecurely(tlsServer, https === true ? 0 : https, host);
  } catch (error) {
    await close();
    throw error;
  }
  Object.assign(hub.endpoints, endpointsOf(host, servers));
  return close;
}

/**
 * Otherwise, sockets before their handshake or first request would keep a server open, and a hub
 * that no longer saves would serve sockets that arrive while it closes.
 * @returns {() => void} closes all sockets, current and future
 */
function trackSockets(servers) {
  const sockets = new Set();
  let isOver = false;
  for (const server of servers) {
    server.on('connection', (socket) => {
      if (isOver) socket.destroy();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }
  return () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  };
}

/** Ids and reasons may come from anyone: they must not move the cursor or forge a line. */
const printable = (line) =>
  line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });

/** The credentials for a back end that acts as the owner of the hub. */
function backEndAccess(hub) {
  const { hostname, policies } = hub;
  const policyName = OWNER_POLICY;
  const { primaryKey: key } = policies[policyName];
  return {
    serviceConnectionString: serviceConnectionString(hub),
    /** The value of the header of that name; `seconds` is how long it is valid. */
    authorization: ({ seconds = 3600 } = {}) =>
      createSasToken({ resource: hostname, policyName, key, seconds }),
  };
}

async function createSecureServer(app, authority, host) {
  const { cert, key } = await authority.issueForServer(host);
  await app.ready();
  return createTlsServer({ cert, key, ca: authority.cert }, app.routing);
}

function listenSecurely(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** The address at which clients on this machine reach the hub. */
function reachable(host) {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

/**
 * @param {string} host
 * @param {import('node:net').Server[]} servers the plain one, and optionally the TLS one
 */
function endpointsOf(host, [server, tlsServer]) {
  const address = `${reachable(host)}:${portOf(server)}`;
  const plain = { url: `http://${address}`, endpoint: `ws://${address}${WEB_SOCKET_PATH}` };
  if (!tlsServer) return plain;
  const secureHost = host === '127.0.0.1' ? 'localhost' : reachable(host);
  const secureAddress = `${secureHost}:${portOf(tlsServer)}`;
  return {
    ...plain,
    secureUrl: `https://${secureAddress}`,
    secureEndpoint: `wss://${secureAddress}${WEB_SOCKET_PATH}`,
  };
}

const portOf = (server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port;

/** @param {Hub} hub */
function certificates({ authority }) {
  if (!authority) return {};
  return {
    ca: authority.cert,
    issueCertificate: (commonName) => authority.issueForClient(commonName),
    issueSelfSignedCertificate: (commonName) => authority.issueSelfSigned(commonName),
  };
}
