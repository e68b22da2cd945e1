// A hub of which only connection strings are known, with the interface that the rows need.
import { signToken } from './tokens.js';

/** A row needs something that such a hub does not offer: up to that point it passed. */
export class OutOfReach extends Error {}

const API = 'api-version=2021-04-12';
const run = Date.now().toString(36);
let created = 0;

/**
 * @param {object} access
 * @param {string} access.device connection string of the device that all rows share
 * @param {string} [access.service] one of a policy that can change the registry: with it each row
 *   gets its own devices, including twin and methods
 * @param {string} [access.endpoint] of a hub at another address than its host name
 * @param {(work: () => Promise<void>) => void} access.after registers work for the end of the test
 * @param {(connectionString: string) => Promise<void>} access.takeOver connects as the device, so
 *   that the hub drops its current connection
 * @param {(secret: string) => void} onSecret
 */
export function openRealHub({ device, service, after, takeOver, ...elsewhere }, onSecret) {
  const { HostName: hostname, DeviceId: deviceId, SharedAccessKey } = parseConnectionString(device);
  const endpoint = elsewhere.endpoint ?? `wss://${hostname}/$iothub/websocket`;
  const policy = service && parseConnectionString(service);
  const call = policy && createCaller(policy, endpoint);
  for (const key of [SharedAccessKey, policy?.SharedAccessKey]) if (key) onSecret(key);

  /** The shared device, or a new one, which is deleted at the end. */
  async function provide() {
    if (!call) return { deviceId, primaryKey: SharedAccessKey };
    created += 1;
    const id = `conformance-${run}-${created}`;
    const body = { deviceId: id, status: 'enabled', authentication: { type: 'sas' } };
    const { authentication } = await call('PUT', `/devices/${id}`, body);
    after(() => call('DELETE', `/devices/${id}`, undefined, { 'if-match': '*' }));
    const { primaryKey } = authentication.symmetricKey;
    onSecret(primaryKey);
    return { deviceId: id, primaryKey };
  }

  return {
    info: reachable('hub', { hostname }),
    createModule: () => outOfReach('hub.createModule'),
    async createDevice(authentication) {
      if (authentication) return outOfReach('hub.createDevice by other credentials');
      const { deviceId, primaryKey } = await provide();
      const connectionString = `HostName=${hostname};DeviceId=${deviceId};SharedAccessKey=${primaryKey}`;
      return reachable('device', {
        ...{ deviceId, primaryKey, connectionString, endpoint, path: `devices/${deviceId}` },
        drop: () => takeOver(connectionString),
        ...(call && backEndOf(`/twins/${encodeURIComponent(deviceId)}`, call)),
      });
    },
  };
}

/** The parts of a connection string, by their names. */
function parseConnectionString(text) {
  const parts = text.split(';').filter(Boolean);
  return Object.fromEntries(parts.map((part) => part.split(/=(.*)/s, 2)));
}

/** What a back end can do with a device over HTTP. */
const backEndOf = (path, call) => ({
  twin: () => call('GET', path),
  patchDesired: (desired) => call('PATCH', path, { properties: { desired } }),
  invokeMethod: (methodName, payload = null) =>
    call('POST', `${path}/methods`, { methodName, payload }),
});

/** Wraps the object; access to any other member throws OutOfReach. */
const reachable = (what, members) =>
  new Proxy(members, {
    get(target, name) {
      // Promises read `then` from any value.
      if (name in target || name === 'then' || typeof name === 'symbol') return target[name];
      return outOfReach(`${what}.${name}`);
    },
  });

function outOfReach(what) {
  throw new OutOfReach(what);
}

/** The hub's REST API for back ends. */
function createCaller(policy, endpoint) {
  const { HostName: hostname, SharedAccessKeyName: skn, SharedAccessKey: key } = policy;
  const { origin } = new URL(endpoint.replace(/^ws/, 'http'));
  return async (method, path, body, headers) => {
    const se = Math.floor(Date.now() / 1000) + 3600;
    const { token } = await signToken({ hostname, key, se, skn });
    const response = await fetch(`${origin}${path}?${API}`, {
      method,
      headers: { authorization: token, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : undefined;
    const error = new Error(`the hub answered ${response.status} to ${method} ${path}: ${text}`);
    throw Object.assign(error, { status: response.status });
  };
}
