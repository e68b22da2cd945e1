import assert from 'node:assert/strict';

const API = 'api-version=2021-04-12';

/** A device or module with both of its sides: the client under test, and what the hub knows. */
export class Device {
  #hub;
  #driver;

  /**
   * @param {import('../../../hub/test/support/hub.js').TestHub} hub
   * @param {import('../driver.mjs').Driver} driver
   * @param {{deviceId: string, moduleId?: string, connectionString: string}} created by the hub
   */
  constructor(hub, driver, created) {
    this.#hub = hub;
    this.#driver = driver;
    this.created = created;
    const { deviceId, moduleId } = created;
    this.id = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
    this.path = moduleId === undefined ? deviceId : `${deviceId}/modules/${moduleId}`;
  }

  /** Makes the client connect. */
  open(options = {}) {
    const { connectionString, deviceId, moduleId } = this.created;
    return this.call('open', { connectionString, deviceId, moduleId, ...options });
  }

  /** Makes the client do something. */
  call(call, values = {}) {
    return this.#driver.call({ client: this.id, call, arguments: values });
  }

  /** Makes the client subscribe to everything, and waits until the hub knows. */
  async listen() {
    await this.call('listen');
    const messages = this.created.moduleId === undefined ? 'messages/devicebound' : 'inputs';
    await this.#waitForSubscriptions([
      `devices/${this.path}/${messages}/#`,
      '$iothub/methods/POST/#',
      '$iothub/twin/PATCH/properties/desired/#',
    ]);
  }

  /** The next value that the application gets by this event, and that `matches`. */
  async next(event, matches = () => true) {
    for (;;) {
      const value = await this.#driver.inbox(this.id, event).take();
      if (matches(value)) return value;
    }
  }

  /** A private endpoint of the hub. */
  local(method, path, body) {
    return this.#hub.local(this.created, method, path, body);
  }

  telemetry(count = 1, after = 0) {
    return this.#hub.telemetry(this.created, count, after);
  }

  /** The packets of this type and direction, once there are this many. */
  async packets(type, direction, count = 1) {
    const query = `type=${type}&direction=${direction}&count=${count}`;
    const packets = await this.#hub.packets(this.created, query);
    assert.ok(packets.length >= count, `${packets.length} of ${count} ${type} in vain`);
    return packets;
  }

  twin() {
    return this.#hub.json('GET', `/twins/${this.path}?${API}`);
  }

  patchDesired(desired) {
    return this.#hub.json('PATCH', `/twins/${this.path}?${API}`, { properties: { desired } });
  }

  /** Calls a direct method: `{status, body, headers}` of the HTTP response. */
  invoke(methodName, payload = null) {
    return this.#hub.call('POST', `/twins/${this.path}/methods?${API}`, {
      methodName,
      payload,
      responseTimeoutInSeconds: 5,
    });
  }

  async #waitForSubscriptions(filters) {
    for (let after = 0; ;) {
      const { subscriptions } = await this.local('GET', '');
      if (filters.every((filter) => subscriptions.includes(filter))) return;
      const query = `type=suback&direction=out&after=${after}`;
      const packets = await this.#hub.packets(this.created, query);
      assert.ok(packets.length > 0, `only ${subscriptions} of ${filters} were subscribed to`);
      after = packets.at(-1).sequence;
    }
  }
}
