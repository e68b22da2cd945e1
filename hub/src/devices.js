import { Budget } from './budget.js';
import { HubError } from './errors.js';
import { EventLog } from './event-log.js';
import { Identity } from './identity.js';

const ID = /^[A-Za-z0-9\-.+%_#*?!(),:=@$']{1,128}$/;
const MAX_MODULES = 50;
const KEPT_TELEMETRY = 10_000;
const KEPT_BYTES = 64 * 1024 * 1024;

/** The prefixes of the keys of an identity's records, and of those of a device with its modules. */
const scopeOf = ({ deviceId, moduleId = '' }) => `devices/${deviceId}/${moduleId}/`;
const scopeWithModules = (deviceId) => `devices/${deviceId}/`;

/** All devices of the hub, and their modules. */
export class DeviceRegistry {
  #hub;
  /** @type {Map<string, Identity>} */
  #devices = new Map();
  /** The newest telemetry of all devices: `{deviceId, moduleId, message}`. */
  telemetry = new EventLog(KEPT_TELEMETRY, { budget: new Budget(KEPT_TELEMETRY, KEPT_BYTES) });

  /** All devices, without their modules. */
  get all() {
    return [...this.#devices.values()];
  }

  /** All devices, each followed by its modules. */
  get withModules() {
    return this.all.flatMap((device) => [device, ...device.modules.values()]);
  }

  constructor(hub) {
    this.#hub = hub;
  }

  /** @returns {Promise<DeviceRegistry>} with everything in the store of the hub */
  static async open(hub) {
    const registry = new DeviceRegistry(hub);
    const telemetry = [];
    // The keys sort a device before its modules, and an identity before its other records.
    for await (const [key, value] of hub.store.entries('devices/')) {
      const [deviceId, moduleId, kind] = key.split('/');
      const id = { deviceId, moduleId: moduleId || undefined };
      registry.#restore(id, kind, value);
      if (kind === 'telemetry') telemetry.push({ ...id, message: value });
    }
    telemetry.sort((one, other) => one.message.enqueuedTime - other.message.enqueuedTime);
    for (const entry of telemetry) registry.#keep(entry);
    return registry;
  }

  /** @returns {Identity | undefined} */
  find(deviceId, moduleId) {
    const device = this.#devices.get(deviceId);
    return moduleId === undefined ? device : device?.modules.get(moduleId);
  }

  /** @returns {Identity} */
  get(deviceId, moduleId) {
    const device = this.find(deviceId);
    if (!device) throw new HubError('DeviceNotFound', `There is no device "${deviceId}".`);
    if (moduleId === undefined) return device;
    const module = device.modules.get(moduleId);
    if (module) return module;
    throw new HubError('ModuleNotFound', `The device "${deviceId}" has no module "${moduleId}".`);
  }

  /** @returns {Identity} a device, or with `moduleId` a module of an existing device */
  create(settings) {
    return settings.moduleId === undefined
      ? this.#createDevice(settings)
      : this.#createModule(settings);
  }

  /**
   * Creates the identity if it is missing; for a module, also its device. An existing one gets the
   * settings.
   * @param {{deviceId: string, moduleId?: string}} id
   * @param {Partial<import('./identity.js').IdentitySettings>} [settings]
   * @returns {Identity}
   */
  ensure({ deviceId, moduleId }, settings) {
    if (moduleId !== undefined && !this.find(deviceId)) this.create({ deviceId });
    const identity = this.find(deviceId, moduleId);
    if (!identity) return this.create({ deviceId, moduleId, ...settings });
    if (settings) identity.update(settings);
    return identity;
  }

  delete(identity, reason = 'the identity was deleted') {
    const { deviceId, moduleId } = identity;
    // Closing a connection writes records, too, which must not outlive the identity.
    for (const { connection, messages } of [identity, ...identity.modules.values()]) {
      connection?.close(reason);
      messages.close();
    }
    if (moduleId === undefined) this.#devices.delete(deviceId);
    else this.get(deviceId).modules.delete(moduleId);
    const scope = moduleId === undefined ? scopeWithModules(deviceId) : scopeOf(identity);
    this.#hub.store.deleteScope(scope);
  }

  #createDevice(settings) {
    const { deviceId } = settings;
    checkId(deviceId, 'device');
    if (this.find(deviceId)) {
      throw new HubError('DeviceAlreadyExists', `There is already a device "${deviceId}".`);
    }
    const device = this.#add(settings);
    device.update(settings);
    return device;
  }

  #createModule(settings) {
    const { deviceId, moduleId } = settings;
    const { modules } = this.get(deviceId);
    checkId(moduleId, 'module');
    if (modules.has(moduleId)) {
      throw new HubError(
        'ModuleAlreadyExistsOnDevice',
        `The device "${deviceId}" already has a module "${moduleId}".`,
      );
    }
    if (modules.size === MAX_MODULES) {
      throw new HubError(
        'TooManyModulesOnDevice',
        `A device can have at most ${MAX_MODULES} modules.`,
      );
    }
    const module = this.#add(settings);
    module.update(settings);
    return module;
  }

  #add({ deviceId, moduleId }) {
    const id = { deviceId, moduleId };
    const identity = new Identity(id, this.#hub.store.scope(scopeOf(id)), this.#hub);
    identity.telemetry.onMessage = (message) => this.#keep({ ...id, message });
    if (moduleId === undefined) this.#devices.set(deviceId, identity);
    else this.get(deviceId).modules.set(moduleId, identity);
    return identity;
  }

  #keep(entry) {
    this.telemetry.append(entry, entry.message.payload.length);
  }

  #restore(id, kind, value) {
    const identity = kind === '' ? this.#add(id) : this.find(id.deviceId, id.moduleId);
    if (identity) identity.restore(kind, value);
    // Records that were written while the identity was being deleted.
    else this.#hub.store.deleteScope(scopeOf(id));
  }
}

function checkId(id, kind) {
  if (typeof id === 'string' && ID.test(id)) return;
  throw new HubError(
    'ArgumentInvalid',
    `"${id}" is not a ${kind} id: 1 to 128 of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ '`,
  );
}
