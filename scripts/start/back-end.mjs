/** The timeout of one wait at the hub, in seconds. */
const WAIT_SECONDS = 20;

/** An error response of the hub. */
export class HubError extends Error {
  /**
   * @param {string} call method and path of the request
   * @param {number} status
   * @param {string} body
   */
  constructor(call, status, body) {
    super(`the hub responded with ${status} to ${call}: ${body}`);
    this.name = 'HubError';
    this.status = status;
    this.body = body;
  }
}

/**
 * What a back end needs to call the local hub: its HTTP address, and an `Authorization` header.
 * @typedef {{url: string, authorization: () => string}} LocalHub
 */

/**
 * One call of the hub's HTTP API, as its owner. Returns the body.
 * @param {LocalHub} hub
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
export async function callHub(hub, method, path, body) {
  const response = await fetch(hub.url + path, {
    method,
    headers: {
      authorization: hub.authorization(),
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new HubError(`${method} ${path.split('?')[0]}`, response.status, text);
  return text ? JSON.parse(text) : undefined;
}

/** A back end for one device, over the local hub's HTTP API. */
export class BackEnd {
  #hub;

  /**
   * Creates the device at the hub, or finds it there.
   * @param {LocalHub} hub
   * @param {string} deviceId
   */
  static async createDevice(hub, deviceId) {
    const path = `/local/devices/${encodeURIComponent(deviceId)}`;
    return new BackEnd(hub, await callHub(hub, 'PUT', path));
  }

  /** Use `createDevice`. */
  constructor(hub, { deviceId, primaryKey, connectionString, endpoint }) {
    this.#hub = hub;
    this.deviceId = deviceId;
    this.primaryKey = primaryKey;
    this.connectionString = connectionString;
    this.endpoint = endpoint;
  }

  /** `{connected, connections, subscriptions, pendingMessages}` as the hub sees the device. */
  state() {
    return this.#local('GET', '');
  }

  /** The telemetry after number `after`; with `timeout` waits for `count` messages. */
  async telemetry(query = {}) {
    return (await this.#local('GET', `/telemetry?${new URLSearchParams(query)}`)).messages;
  }

  /** Waits until the hub has `count` messages after number `after`, and returns them. */
  async waitForTelemetry(count = 1, after = 0) {
    const messages = await this.telemetry({ after, count, timeout: WAIT_SECONDS });
    return enough(messages, count, 'telemetry messages');
  }

  /** The log of MQTT packets, decoded; `type` and `direction` filter it. */
  async packets(query = {}) {
    return (await this.#local('GET', `/packets?${new URLSearchParams(query)}`)).packets;
  }

  /** Waits until the hub saw `count` packets of this type and direction, and returns them. */
  async waitForPackets(type, direction, count = 1, after = 0) {
    const query = { type, direction, count, after, timeout: WAIT_SECONDS };
    return enough(await this.packets(query), count, `${type} packets (${direction})`);
  }

  /** Queues a cloud-to-device message. */
  sendMessage(message) {
    return this.#local('POST', '/messages', message);
  }

  /** Invokes a direct method and waits for its `{status, payload}`. */
  invokeMethod(methodName, payload = null, options = {}) {
    return this.#service('POST', '/methods', { methodName, payload, ...options });
  }

  /** The whole twin, as back ends see it. */
  twin() {
    return this.#service('GET', '');
  }

  /** Patches desired properties. */
  patchDesired(desired) {
    return this.patchTwin({ properties: { desired } });
  }

  /** Patches tags and desired properties. */
  patchTwin(patch) {
    return this.#service('PATCH', '', patch);
  }

  /**
   * Drops the device's connection.
   * @param {'reset' | 'close'} how TCP reset, or a close of the WebSocket
   */
  drop(how = 'reset') {
    return this.#local('POST', `/disconnect?how=${how}`);
  }

  /** Makes the hub misbehave until `{clear: true}`. */
  setFaults(faults) {
    return this.#local('POST', '/faults', faults);
  }

  /** Makes the hub misbehave towards every device until `{clear: true}`. */
  setHubFaults(faults) {
    return callHub(this.#hub, 'POST', '/local/hub/faults', faults);
  }

  #local(method, rest, body) {
    const path = `/local/devices/${encodeURIComponent(this.deviceId)}${rest}`;
    return callHub(this.#hub, method, path, body);
  }

  #service(method, rest, body) {
    const path = `/twins/${encodeURIComponent(this.deviceId)}${rest}?api-version=2021-04-12`;
    return callHub(this.#hub, method, path, body);
  }
}

function enough(found, count, what) {
  if (found.length >= count) return found;
  throw new Error(
    `the hub saw only ${found.length} of ${count} expected ${what} within ${WAIT_SECONDS} s`,
  );
}
