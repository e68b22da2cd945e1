/** How long one wait for something at the hub may take, in seconds. */
const WAIT_SECONDS = 20;

/** An answer of the hub that is not a success. */
export class HubError extends Error {
  /**
   * @param {string} call method and path of the request
   * @param {number} status
   * @param {string} body
   */
  constructor(call, status, body) {
    super(`the hub answered ${status} to ${call}: ${body}`);
    this.name = 'HubError';
    this.status = status;
    this.body = body;
  }
}

/** What a back end does with one device: every call goes over the local hub's HTTP API. */
export class BackEnd {
  #url;

  /**
   * Creates the device at the hub (or finds it there).
   * @param {string} url the hub's HTTP address
   * @param {string} deviceId
   */
  static async createDevice(url, deviceId) {
    const device = await request('PUT', `${url}/local/devices/${encodeURIComponent(deviceId)}`);
    return new BackEnd(url, device);
  }

  /** Use `createDevice`. */
  constructor(url, { deviceId, primaryKey, connectionString, endpoint }) {
    this.#url = url;
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

  /** Waits until the hub has `count` messages after number `after`, and gives them. */
  async waitForTelemetry(count = 1, after = 0) {
    const messages = await this.telemetry({ after, count, timeout: WAIT_SECONDS });
    return enough(messages, count, 'telemetry messages');
  }

  /** The log of MQTT packets, decoded; `type` and `direction` filter it. */
  async packets(query = {}) {
    return (await this.#local('GET', `/packets?${new URLSearchParams(query)}`)).packets;
  }

  /** Waits until the hub saw `count` packets of this type and direction, and gives them. */
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

  /** The whole twin, as a service sees it. */
  twin() {
    return this.#service('GET', '');
  }

  /** Patches desired properties. */
  patchDesired(desired) {
    return this.#service('PATCH', '', { properties: { desired } });
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
    return request('POST', `${this.#url}/local/hub/faults`, faults);
  }

  #local(method, rest, body) {
    const path = `/local/devices/${encodeURIComponent(this.deviceId)}${rest}`;
    return request(method, `${this.#url}${path}`, body);
  }

  #service(method, rest, body) {
    const path = `/twins/${encodeURIComponent(this.deviceId)}${rest}?api-version=2021-04-12`;
    return request(method, `${this.#url}${path}`, body);
  }
}

function enough(found, count, what) {
  if (found.length >= count) return found;
  throw new Error(
    `the hub saw ${found.length} of the ${count} ${what} awaited within ${WAIT_SECONDS} s`,
  );
}

async function request(method, url, body) {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new HubError(`${method} ${new URL(url).pathname}`, response.status, text);
  return text ? JSON.parse(text) : undefined;
}
