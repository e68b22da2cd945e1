import { after, before } from 'node:test';
import { startHub } from '../../src/index.js';
import { Contract } from './contract.js';
import { sasToken } from './credentials.js';
import { within } from './within.js';

/** A hub for the tests of one file, with their HTTP calls. */
export class TestHub {
  #hub;
  #contract;
  #lines = [];
  #waiting = new Set();
  #lastDevice = 0;

  constructor(options = {}) {
    before(async () => {
      this.#hub = await startHub({ log: (line) => this.#take(line), ...options });
    });
    after(() => this.#hub.close());
  }

  get hostname() {
    return this.#hub.hostname;
  }

  get url() {
    return this.#hub.url;
  }

  /** The result of `startHub`. */
  get started() {
    return this.#hub;
  }

  get endpoint() {
    return this.#hub.endpoint;
  }

  /** A device that no other test has: `{deviceId, primaryKey, connectionString, endpoint}`. */
  async createDevice(name = 'device', settings = undefined) {
    return this.json('PUT', `/local/devices/${name}${++this.#lastDevice}`, settings);
  }

  /** A module of a device that no other test has. */
  async createModule(settings = undefined) {
    return this.json('PUT', `/local/devices/device${++this.#lastDevice}/modules/m1`, settings);
  }

  /**
   * One HTTP call: `{status, headers, body}`. It has the token of the hub's owner, unless the
   * headers have an authorization, which may be empty. The response must match the hub's own
   * OpenAPI document.
   */
  async call(method, path, body, headers = {}) {
    const { authorization = this.#hub.authorization(), ...rest } = headers;
    const response = await fetch(this.url + withVersion(path), {
      method,
      headers: {
        ...(authorization && { authorization }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...rest,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.#contract ??= Contract.of(this);
    (await this.#contract).check(method, path, answer);
    return answer;
  }

  /** One HTTP call that must succeed; returns its body. */
  async json(method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /** One HTTP call to a private endpoint of the device. */
  local({ deviceId, moduleId }, method, path, body) {
    const module = moduleId === undefined ? '' : `/modules/${moduleId}`;
    return this.json(method, `/local/devices/${deviceId}${module}${path}`, body);
  }

  /** The header of a token of any policy, for any resource. */
  authorize({ policy = 'iothubowner', resource = this.hostname, ...rest } = {}) {
    const { primaryKey: key } = this.#hub.policies[policy];
    return { authorization: sasToken({ policy, resource, key, ...rest }) };
  }

  async telemetry(device, count = 1, after = 0) {
    const query = `/telemetry?after=${after}&count=${count}&timeout=30`;
    return (await this.local(device, 'GET', query)).messages;
  }

  async packets(device, query) {
    return (await this.local(device, 'GET', `/packets?timeout=30&${query}`)).packets;
  }

  sendToDevice(device, message) {
    return this.local(device, 'POST', '/messages', message);
  }

  fault(device, fault) {
    return this.local(device, 'POST', '/faults', fault);
  }

  /** Injects a fault for every device, until the test ends. */
  faultAll(t, fault) {
    t.after(() => this.json('POST', '/local/hub/faults', { clear: true }));
    return this.json('POST', '/local/hub/faults', fault);
  }

  /** Changes settings of the hub, until the test ends. */
  async set(t, changes) {
    const before = await this.json('GET', '/local/hub/settings');
    t.after(() => this.json('PATCH', '/local/hub/settings', before));
    return this.json('PATCH', '/local/hub/settings', changes);
  }

  /** Waits for a line of the hub's log; each line satisfies one wait only. */
  async logged(pattern) {
    const index = this.#lines.findIndex((line) => pattern.test(line));
    if (index >= 0) return this.#lines.splice(index, 1)[0];
    const line = new Promise((resolve) => this.#waiting.add({ pattern, resolve }));
    return within(line, `${pattern} in the log, where there is\n${this.#lines.join('\n')}`);
  }

  #take(line) {
    for (const waiter of this.#waiting) {
      if (!waiter.pattern.test(line)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(line);
      return;
    }
    this.#lines.push(line);
  }
}

/** The service's own API requires its version. */
export function withVersion(path) {
  if (/^\/(local|uploads)\//.test(path) || path.includes('api-version')) return path;
  return `${path}${path.includes('?') ? '&' : '?'}api-version=2021-04-12`;
}
