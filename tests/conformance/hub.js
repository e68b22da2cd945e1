// The hub for the rows: its HTTP API, with `fetch` only.
import { fail } from './assert.js';

/** The timeout of one wait at the hub, in seconds. */
const WAIT_SECONDS = 20;

/** Device ids are never reused, on any hub. */
const run = Date.now().toString(36);
let created = 0;

/** A hub that offers the API of the local one. */
export class Hub {
  #call;
  #onSecret;

  /**
   * @param {{url: string, authorization: string}} access its HTTP API, and the header for it
   * @param {(secret: string) => void} onSecret called with texts that must never appear anywhere
   */
  static async open(access, onSecret) {
    const call = (...args) => request(access, ...args);
    const info = await call('GET', '/local/hub');
    for (const keys of Object.values(info.policies)) Object.values(keys).forEach(onSecret);
    return new Hub(call, info, onSecret);
  }

  /** Use `open`. */
  constructor(call, info, onSecret) {
    this.#call = call;
    this.#onSecret = onSecret;
    /** `{hostname, endpoint, url, secureEndpoint, secureUrl, policies, ca}` */
    this.info = info;
  }

  /** A new device; `authentication` is as in the service's registry. */
  createDevice(authentication) {
    created += 1;
    return this.#create(`devices/conformance-${run}-${created}`, authentication);
  }

  /** A new module of a new device. */
  createModule() {
    created += 1;
    return this.#create(`devices/conformance-${run}-${created}/modules/module`);
  }

  async #create(path, authentication) {
    const body = authentication && { authentication };
    const created = await this.#call('PUT', `/local/${path}`, body);
    if (created.primaryKey) this.#onSecret(created.primaryKey);
    return new Device(this.#call, path, created);
  }
}

/** One device or module, from the back end's side. */
export class Device {
  #call;
  #path;

  constructor(call, path, { deviceId, moduleId, primaryKey, connectionString, ...endpoints }) {
    this.#call = call;
    this.#path = path;
    this.deviceId = deviceId;
    this.moduleId = moduleId;
    this.primaryKey = primaryKey;
    this.connectionString = connectionString;
    this.endpoint = endpoints.endpoint;
    this.secureEndpoint = endpoints.secureEndpoint;
  }

  /** The part after the host in the resource of its tokens. */
  get path() {
    return this.#path;
  }

  /** `{connected, connections, subscriptions, pendingMessages}` */
  state() {
    return this.#local('GET', '');
  }

  /** The log of MQTT packets; `type` and `direction` filter it. */
  async packets(query = {}) {
    return (await this.#local('GET', `/packets?${new URLSearchParams(query)}`)).packets;
  }

  /** Waits until the hub saw `count` such packets after number `after`. */
  async waitForPackets(type, direction, count = 1, after = 0) {
    const query = { type, direction, count, after, timeout: WAIT_SECONDS };
    return enough(await this.packets(query), count, `${type} packets (${direction})`);
  }

  /** Waits for a matching packet of this type. Resolves with the first one. */
  async waitForPacket(type, direction, matches, after = 0) {
    for (let last = after; ;) {
      const packets = await this.waitForPackets(type, direction, 1, last);
      const found = packets.find(matches);
      if (found) return found;
      last = packets.at(-1).sequence;
    }
  }

  /** Waits for `count` telemetry messages after number `after`. */
  async telemetry(count = 1, after = 0) {
    const query = new URLSearchParams({ count, after, timeout: count ? WAIT_SECONDS : 0 });
    if (!count) query.delete('count');
    const { messages } = await this.#local('GET', `/telemetry?${query}`);
    return enough(messages, count, 'telemetry messages');
  }

  /** The connections whose CONNECT named it: `{url, secure, clientCertificate, accepted}`. */
  async connections() {
    return (await this.#local('GET', '/connections')).connections;
  }

  /** Waits for `count` notifications of file uploads. */
  async uploads(count = 1) {
    const query = new URLSearchParams({ count, timeout: WAIT_SECONDS });
    const { uploads } = await this.#local('GET', `/uploads?${query}`);
    return enough(uploads, count, 'uploads');
  }

  /** Queues a cloud-to-device message. */
  sendMessage(message) {
    return this.#local('POST', '/messages', message);
  }

  /** Queues a message to an input of the module. */
  sendToInput(input, message) {
    return this.#local('POST', `/inputs/${input}`, message);
  }

  /** Calls a direct method: `{status, payload}`. */
  invokeMethod(methodName, payload = null) {
    return this.#service('POST', '/methods', { methodName, payload });
  }

  twin() {
    return this.#service('GET', '');
  }

  patchDesired(desired) {
    return this.#service('PATCH', '', { properties: { desired } });
  }

  /** Drops the connection, by TCP `reset` or WebSocket `close`. */
  drop(how = 'reset') {
    return this.#local('POST', `/disconnect?how=${how}`);
  }

  /** Injects a fault until `{clear: true}`. */
  setFaults(faults) {
    return this.#local('POST', '/faults', faults);
  }

  /** Injects a fault for every device until `{clear: true}`. */
  setHubFaults(faults) {
    return this.#call('POST', '/local/hub/faults', faults);
  }

  /** Certificate and key, issued by the hub's own authority. */
  issueCertificate() {
    return this.#local('POST', '/certificate');
  }

  /** Changes how it authenticates from now on. */
  authenticateBy(authentication) {
    return this.#local('PUT', '', { authentication });
  }

  #local(method, rest, body) {
    return this.#call(method, `/local/${this.#path}${rest}`, body);
  }

  #service(method, rest, body) {
    const path = this.#path.replace(/^devices/, 'twins');
    return this.#call(method, `/${path}${rest}?api-version=2021-04-12`, body);
  }
}

function enough(found, count, what) {
  if (found.length >= count) return found;
  return fail(`the hub saw ${found.length} of ${count} ${what} within ${WAIT_SECONDS} s`);
}

async function request({ url, authorization }, method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    const error = new Error(`the hub answered ${response.status} to ${method} ${path}: ${text}`);
    throw Object.assign(error, { status: response.status });
  }
  return text ? JSON.parse(text) : undefined;
}
