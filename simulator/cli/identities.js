/** The sources of the identities of a run's devices, each with the same three functions. */
import { memberOf, PROVISIONING_HOST } from '../src/group.js';
import { readConnectionStrings } from './connection-strings.js';
import { idOf } from '../src/identity.js';
import { MadeDevices } from './made-devices.js';
import { Service } from './service.js';
import { CommandError, UsageError, webSocketUrl } from './usage.js';

/**
 * @typedef {object} Identities
 * @property {boolean} isLocal whether the hub is on this machine
 * @property {string} hostname
 * @property {number} [most] how many devices there can be
 * @property {string[]} [ids] of these, if they have ids already
 * @property {(planned: import('../src/plan.js').PlannedDevice[]) => Promise<void>} prepare
 * @property {(planned: import('../src/plan.js').PlannedDevice) =>
 *             import('../src/identity.js').Identity} identityOf
 * @property {() => Promise<void>} close
 */

export const IDENTITY_OPTIONS = {
  'local-hub': { type: 'boolean' },
  service: { type: 'boolean' },
  'connection-strings': { type: 'string' },
  group: { type: 'boolean' },
  'provisioning-host': { type: 'string', default: PROVISIONING_HOST },
  endpoint: { type: 'string' },
  made: { type: 'string', default: 'iothub-simulator-made.jsonl' },
  keep: { type: 'boolean' },
};

const WAYS = {
  'local-hub': fromLocalHub,
  service: fromService,
  'connection-strings': fromFile,
  group: fromGroup,
};

/** @returns {Promise<Identities>} */
export async function openIdentities(values) {
  const given = Object.keys(WAYS).filter((name) => values[name] !== undefined);
  const names = Object.keys(WAYS).map((name) => `--${name}`);
  if (given.length !== 1) throw new UsageError(`specify one of ${names.join(', ')}`);
  const endpoint = webSocketUrl('--endpoint', values.endpoint);
  if (endpoint && values['local-hub']) {
    throw new UsageError(
      '--local-hub starts a new hub, so it takes no --endpoint: for a hub that already runs, use ' +
        '--service or --connection-strings',
    );
  }
  return WAYS[given[0]]({ ...values, endpoint });
}

async function fromLocalHub() {
  const { startHub } = await import('iothub-local').catch((error) => {
    throw new CommandError('--local-hub needs a package: npm install iothub-local', {
      cause: error,
    });
  });
  const hub = await startHub();
  const service = new Service(hub.serviceConnectionString, hub.url);
  return {
    isLocal: true,
    hostname: hub.hostname,
    prepare: (planned) => service.create(idsOf(planned), async () => {}),
    identityOf: ({ deviceId }) => ({
      connectionString: service.connectionStringOf(deviceId),
      endpoint: hub.endpoint,
    }),
    close: () => hub.close(),
  };
}

async function fromService({ endpoint, made: file, keep }) {
  const service = serviceOf(endpoint);
  const record = new MadeDevices(file);
  const made = [];
  return {
    isLocal: isLocal(endpoint),
    hostname: service.hostname,
    async prepare(planned) {
      // A run that was killed has created some already.
      const known = new Set(await record.at(service.hostname));
      const ids = idsOf(planned);
      made.push(...ids.filter((id) => known.has(id)));
      const missing = ids.filter((id) => !known.has(id));
      await service.create(missing, async (created) => {
        // First set what `close` deletes, because the file may not be writable.
        made.push(...created);
        await record.add(service.hostname, created);
      });
    },
    identityOf: ({ deviceId }) => ({
      connectionString: service.connectionStringOf(deviceId),
      endpoint,
    }),
    async close() {
      if (keep) return;
      await service.delete(made);
      await record.forget(service.hostname, made);
    },
  };
}

/** Deletes the devices that runs created at the service's hub and did not delete; says how many. */
export async function deleteMade({ endpoint, file }) {
  const service = serviceOf(endpoint);
  const record = new MadeDevices(file);
  const ids = await record.at(service.hostname);
  await service.delete(ids);
  await record.forget(service.hostname, ids);
  return { hostname: service.hostname, deleted: ids.length };
}

function serviceOf(endpoint) {
  const { IOTHUB_SERVICE_CONNECTION_STRING: connectionString } = process.env;
  if (!connectionString) {
    throw new CommandError(
      'IOTHUB_SERVICE_CONNECTION_STRING is not set: copy it from the Azure portal, IoT hub → ' +
        'Shared access policies → iothubowner',
    );
  }
  return new Service(connectionString, endpoint && httpOf(endpoint));
}

async function fromFile({ 'connection-strings': file, endpoint }) {
  const connectionStrings = await readConnectionStrings(file);
  return {
    isLocal: isLocal(endpoint),
    hostname: /HostName=([^;]*)/.exec(connectionStrings[0])[1],
    most: connectionStrings.length,
    ids: connectionStrings.map((connectionString) => idOf({ connectionString })),
    async prepare() {},
    identityOf: ({ index }) => ({ connectionString: connectionStrings[index], endpoint }),
    async close() {},
  };
}

/** Each device registers itself, with a key that is derived from the group's key and its id. */
async function fromGroup({ 'provisioning-host': host, endpoint }) {
  const provisioningHost = host ?? IDENTITY_OPTIONS['provisioning-host'].default;
  const idScope = ofEnvironment('IOTHUB_PROVISIONING_ID_SCOPE');
  const groupKey = ofEnvironment('IOTHUB_PROVISIONING_GROUP_KEY');
  const group = { provisioningHost, idScope, groupKey, endpoint };
  return {
    isLocal: isLocal(endpoint),
    hostname: provisioningHost,
    async prepare() {},
    identityOf: ({ deviceId }) => memberOf(group, deviceId),
    async close() {},
  };
}

function ofEnvironment(name) {
  const value = process.env[name];
  if (value) return value;
  throw new CommandError(`${name} is not set: --group needs it`);
}

const idsOf = (planned) => planned.map(({ deviceId }) => deviceId);

/** The HTTP API of a local hub is where its WebSocket is. */
const httpOf = (endpoint) => new URL(endpoint).origin.replace(/^ws/, 'http');

/** Whether an endpoint is on this machine. */
const isLocal = (endpoint) =>
  endpoint !== undefined && /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(endpoint).hostname);
