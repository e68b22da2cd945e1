import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { CloudToDeviceQueue } from './cloud-to-device.js';
import { HubError } from './errors.js';
import { Faults } from './faults.js';
import { Methods } from './methods.js';
import { PacketLog } from './packet-log.js';
import { Telemetry } from './telemetry.js';
import { Subscription } from './topics.js';
import { Twin } from './twin.js';

const DEVICE_ID = /^[A-Za-z0-9\-.+%_#*?!(),:=@$']{1,128}$/;
const MAX_PACKET_ID = 0x4000;

/** One device: its identity, its MQTT session and everything that the hub keeps for it. */
export class Device {
  generationId = randomBytes(8).readBigUInt64BE().toString();
  twin = new Twin();
  telemetry = new Telemetry();
  packets = new PacketLog();
  faults = new Faults();
  methods = new Methods(this);
  messages = new CloudToDeviceQueue(this);
  /** The connection that authenticated last, while it lasts. */
  connection = null;
  /** How many connections were accepted so far. */
  connections = 0;
  /** How many CONNECT packets named this device so far. */
  attempts = 0;
  modelId = '';
  lastActivity = null;
  /** Topic filter → what it subscribes to and its QoS; outlives a connection with clean 0. */
  #subscriptions = new Map();
  #hasSession = false;
  #lastPacketId = 0;
  #changes = new EventEmitter().setMaxListeners(0);

  /** @param {{deviceId: string} & Partial<DeviceSettings>} settings */
  constructor({ deviceId, ...settings }) {
    this.deviceId = deviceId;
    this.update(settings);
  }

  /**
   * @typedef {{primaryKey: string, secondaryKey: string, status: 'enabled' | 'disabled',
   *            statusReason: string | null, isEdge: boolean}} DeviceSettings
   * @param {Partial<DeviceSettings>} settings missing keys stay, the rest gets its default
   */
  update({
    primaryKey = this.primaryKey ?? randomBytes(32).toString('base64'),
    secondaryKey = this.secondaryKey ?? randomBytes(32).toString('base64'),
    status = 'enabled',
    statusReason = null,
    isEdge = false,
  }) {
    Object.assign(this, { primaryKey, secondaryKey, status, statusReason, isEdge });
    this.etag = randomBytes(6).toString('base64');
    if (status === 'disabled') this.connection?.close('the device was disabled');
  }

  get isEnabled() {
    return this.status === 'enabled';
  }

  get isConnected() {
    return this.connection?.isEstablished ?? false;
  }

  get filters() {
    return [...this.#subscriptions.keys()];
  }

  /** Makes the connection the only one; with `clean`, forgets the session of before. */
  attach(connection, { clean }) {
    this.connection?.close('another connection of the same device came');
    const sessionPresent = this.#hasSession && !clean;
    if (!sessionPresent) this.#subscriptions.clear();
    this.#hasSession = !clean;
    this.connection = connection;
    return sessionPresent;
  }

  /** The connection can be used from now on. */
  established() {
    this.connections++;
    this.messages.deliver();
    this.#changes.emit('change');
  }

  detach(connection) {
    if (this.connection !== connection) return;
    this.connection = null;
    if (!this.#hasSession) this.#subscriptions.clear();
    this.methods.abandon();
  }

  subscribe(filter, kind, qos) {
    this.#subscriptions.set(filter, { kind, qos });
    this.#changes.emit('change');
  }

  unsubscribe(filter) {
    this.#subscriptions.delete(filter);
  }

  /** The QoS that the device takes this at, undefined when it does not take it at present. */
  qosOf(kind) {
    if (!this.isConnected) return undefined;
    // The service does not reach devices that do not say their api-version with these two.
    const needsVersion = kind === Subscription.METHODS || kind === Subscription.DESIRED;
    if (needsVersion && this.connection.apiVersion === undefined) return undefined;
    const levels = [...this.#subscriptions.values()].filter((s) => s.kind === kind);
    return levels.length === 0 ? undefined : Math.max(...levels.map(({ qos }) => qos));
  }

  /** Publishes to the device if it has subscribed. */
  push(kind, topic, payload) {
    const qos = this.qosOf(kind);
    if (qos !== undefined) this.connection.publish({ topic, payload, qos });
  }

  /** Waits until the device is connected with the subscription; tells whether it is. */
  async waitForSubscription(kind, seconds, signal) {
    if (this.qosOf(kind) !== undefined || seconds === 0) return this.qosOf(kind) !== undefined;
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#changes.off('change', check);
        signal.removeEventListener('abort', settle);
        resolve(this.qosOf(kind) !== undefined);
      };
      const check = () => {
        if (this.qosOf(kind) !== undefined) settle();
      };
      const timer = setTimeout(settle, seconds * 1000);
      this.#changes.on('change', check);
      signal.addEventListener('abort', settle);
    });
  }

  /** A packet id that no unacknowledged packet to the device has. */
  takePacketId() {
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (
      this.messages.usesPacketId(this.#lastPacketId) ||
      this.connection.unacknowledged.has(this.#lastPacketId)
    );
    return this.#lastPacketId;
  }
}

/** All devices of the hub. */
export class DeviceRegistry {
  #devices = new Map();

  /** @returns {Device | undefined} */
  find(deviceId) {
    return this.#devices.get(deviceId);
  }

  /** @returns {Device} */
  get(deviceId) {
    const device = this.find(deviceId);
    if (!device) throw new HubError('DeviceNotFound', `There is no device "${deviceId}".`);
    return device;
  }

  /** @returns {Device} */
  create(settings) {
    const { deviceId } = settings;
    if (!DEVICE_ID.test(deviceId)) {
      throw new HubError(
        'ArgumentInvalid',
        `"${deviceId}" is no device id: 1 to 128 of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ '`,
      );
    }
    if (this.find(deviceId)) {
      throw new HubError('DeviceAlreadyExists', `There is a device "${deviceId}" already.`);
    }
    const device = new Device(settings);
    this.#devices.set(deviceId, device);
    return device;
  }

  delete(device) {
    this.#devices.delete(device.deviceId);
    device.connection?.close('the device was deleted');
  }

  some(condition) {
    return [...this.#devices.values()].some(condition);
  }
}
