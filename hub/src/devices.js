import { HubError } from './errors.js';
import { Identity } from './identity.js';

const ID = /^[A-Za-z0-9\-.+%_#*?!(),:=@$']{1,128}$/;
const MAX_MODULES = 50;

/** All devices of the hub, and their modules. */
export class DeviceRegistry {
  #devices = new Map();

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

  /** @returns {Identity} a device, or with `moduleId` a module of one that exists */
  create(settings) {
    return settings.moduleId === undefined
      ? this.#createDevice(settings)
      : this.#createModule(settings);
  }

  delete(identity) {
    const { deviceId, moduleId } = identity;
    if (moduleId === undefined) this.#devices.delete(deviceId);
    else this.find(deviceId).modules.delete(moduleId);
    for (const { connection } of [identity, ...identity.modules.values()]) {
      connection?.close('the identity was deleted');
    }
  }

  /** Whether the condition holds for some device or module. */
  some(condition) {
    return [...this.#devices.values()].some(
      (device) => condition(device) || [...device.modules.values()].some(condition),
    );
  }

  #createDevice(settings) {
    const { deviceId } = settings;
    checkId(deviceId, 'device');
    if (this.find(deviceId)) {
      throw new HubError('DeviceAlreadyExists', `There is a device "${deviceId}" already.`);
    }
    const device = new Identity(settings);
    this.#devices.set(deviceId, device);
    return device;
  }

  #createModule(settings) {
    const { deviceId, moduleId } = settings;
    const { modules } = this.get(deviceId);
    checkId(moduleId, 'module');
    if (modules.has(moduleId)) {
      throw new HubError(
        'ModuleAlreadyExistsOnDevice',
        `The device "${deviceId}" has a module "${moduleId}" already.`,
      );
    }
    if (modules.size === MAX_MODULES) {
      throw new HubError('TooManyModulesOnDevice', `A device has ${MAX_MODULES} modules at most.`);
    }
    const module = new Identity(settings);
    modules.set(moduleId, module);
    return module;
  }
}

function checkId(id, kind) {
  if (ID.test(id)) return;
  throw new HubError(
    'ArgumentInvalid',
    `"${id}" is no ${kind} id: 1 to 128 of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ '`,
  );
}
