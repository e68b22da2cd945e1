import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { ConnectionLog } from './connection-log.js';
import { Faults } from './faults.js';
import { FileUploads } from './file-uploads.js';
import { MessageQueue } from './message-queue.js';
import { Methods } from './methods.js';
import { PacketLog } from './packet-log.js';
import { handlePublish } from './publish.js';
import { DataError } from './store.js';
import { Telemetry } from './telemetry.js';
import { highestQos, Subscription, subscriptionOf } from './topics.js';
import { Twin } from './twin.js';

const MAX_PACKET_ID = 0x4000;

/** The members that the registry stores for an identity. */
const SAVED = [
  ...['generationId', 'etag', 'status', 'statusReason', 'isEdge', 'managedBy'],
  ...['primaryKey', 'secondaryKey', 'authenticationType', 'thumbprints'],
];

/**
 * What a back end can change in an identity.
 * @typedef {{primaryKey: string, secondaryKey: string, status: 'enabled' | 'disabled',
 *            statusReason: string | null, managedBy: string, isEdge: boolean,
 *            authenticationType: 'sas' | 'selfSigned' | 'certificateAuthority',
 *            thumbprints: {primaryThumbprint: string | null,
 *                          secondaryThumbprint: string | null}}} IdentitySettings
 */

/** One device or module: its identity, its MQTT session and everything that the hub keeps. */
export class Identity {
  generationId = randomBytes(8).readBigUInt64BE().toString();
  /** @type {string} */
  etag;
  /** @type {IdentitySettings['primaryKey']} */
  primaryKey;
  /** @type {IdentitySettings['secondaryKey']} */
  secondaryKey;
  /** @type {IdentitySettings['status']} */
  status;
  /** @type {IdentitySettings['statusReason']} */
  statusReason;
  /** @type {IdentitySettings['managedBy']} */
  managedBy;
  /** @type {IdentitySettings['isEdge']} */
  isEdge;
  /** @type {IdentitySettings['authenticationType']} */
  authenticationType;
  /** @type {IdentitySettings['thumbprints']} */
  thumbprints;
  /** The records that survive the process. */
  records;
  connectionLog = new ConnectionLog();
  faults = new Faults();
  /**
   * Module id → identity, of a device.
   * @type {Map<string, Identity>}
   */
  modules = new Map();
  /**
   * The connection that authenticated last, while it is open.
   * @type {import('./connection.js').Connection | null}
   */
  connection = null;
  /** How many connections were accepted so far. */
  connections = 0;
  modelId = '';
  /** @type {Date | null} */
  lastActivity = null;
  /** Topic filter → what it subscribes to and its QoS; survives a connection with clean 0. */
  #subscriptions = new Map();
  #hasSession = false;
  #lastPacketId = 0;
  #changes = new EventEmitter().setMaxListeners(0);

  /**
   * @param {{deviceId: string, moduleId?: string}} id
   * @param {import('./store.js').Records} records
   * @param {import('./server.js').Hub} hub
   */
  constructor({ deviceId, moduleId }, records, hub) {
    this.deviceId = deviceId;
    this.moduleId = moduleId;
    this.records = records;
    this.twin = new Twin(records);
    this.settings = hub.settings;
    this.telemetry = new Telemetry(records, hub.budgets.telemetry);
    this.packets = new PacketLog(hub.budgets.packets);
    this.methods = new Methods(this, hub.settings);
    this.messages = new MessageQueue(this, hub);
    this.uploads = new FileUploads(records);
  }

  /** Restores a saved record of this identity. */
  restore(key, value) {
    switch (key) {
      case '':
      case 'lastSeen':
        return Object.assign(this, value);
      case 'session':
        this.#hasSession = true;
        this.#subscriptions = value;
        return undefined;
      case 'twin':
        return this.twin.restore(value);
      case 'telemetry':
        return this.telemetry.restore(value);
      case 'message':
        return this.messages.restore(value);
      case 'lastSequenceNumber':
        return this.messages.restoreSequence(value);
      case 'upload':
        return this.uploads.restore(value);
      case 'activeUploads':
        return this.uploads.restoreActive(value);
      default:
        throw new DataError(`the data of "${this.id}" has an unknown record "${key}"`);
    }
  }

  /**
   * @param {Partial<IdentitySettings>} settings missing keys stay, other missing settings get their
   *   default
   */
  update({
    primaryKey = this.primaryKey ?? randomBytes(32).toString('base64'),
    secondaryKey = this.secondaryKey ?? randomBytes(32).toString('base64'),
    status = 'enabled',
    statusReason = null,
    managedBy = '',
    isEdge = false,
    authenticationType = 'sas',
    thumbprints = { primaryThumbprint: null, secondaryThumbprint: null },
  }) {
    Object.assign(this, { primaryKey, secondaryKey, status, statusReason });
    Object.assign(this, { managedBy, isEdge, authenticationType, thumbprints });
    this.etag = randomBytes(6).toString('base64');
    this.#save();
    if (status === 'disabled') {
      for (const { connection } of [this, ...this.modules.values()]) {
        connection?.close('the device was disabled');
      }
    }
  }

  /** The MQTT client id, and the common name of a certificate. */
  get id() {
    return this.moduleId === undefined ? this.deviceId : `${this.deviceId}/${this.moduleId}`;
  }

  /** Path segments, the same in topics, URLs and the resource of a SAS token. */
  get path() {
    const device = ['devices', this.deviceId];
    return this.moduleId === undefined ? device : [...device, 'modules', this.moduleId];
  }

  /** The connection string, for client libraries. */
  connectionString(hostname) {
    return [
      `HostName=${hostname};DeviceId=${this.deviceId}`,
      ...(this.moduleId === undefined ? [] : [`ModuleId=${this.moduleId}`]),
      this.usesSas ? `SharedAccessKey=${this.primaryKey}` : 'x509=true',
    ].join(';');
  }

  get isEnabled() {
    return this.status === 'enabled';
  }

  get usesSas() {
    return this.authenticationType === 'sas';
  }

  get isConnected() {
    return this.connection?.isEstablished ?? false;
  }

  get filters() {
    return [...this.#subscriptions.keys()];
  }

  /** Milliseconds since 1970 by the hub's clock, which a fault may have changed. */
  get now() {
    return Date.now() + (this.faults.clock ?? 0) * 1000;
  }

  /** Makes the connection the only one; with `clean`, forgets the previous session. */
  attach(connection, { clean }) {
    this.connection?.close('another connection of the same identity replaced it');
    const sessionPresent = this.#hasSession && !clean;
    if (!sessionPresent) this.#subscriptions.clear();
    if (clean && this.settings.purgeOnCleanSession) this.messages.purge();
    this.#hasSession = !clean;
    this.#saveSession();
    this.connection = connection;
    return sessionPresent;
  }

  /** The connection can be used from now on. */
  established() {
    this.connections++;
    const { modelId, lastActivity } = this;
    this.records.put('lastSeen', { modelId, lastActivity });
    this.messages.deliver();
    this.#changes.emit('change');
  }

  detach(connection) {
    if (this.connection !== connection) return;
    this.connection = null;
    if (!this.#hasSession) this.#subscriptions.clear();
    this.messages.release(connection);
    this.methods.abandon();
  }

  /** Returns what a topic filter subscribes to, or nothing if the hub has no such filter. */
  subscriptionOf(filter) {
    return subscriptionOf(filter, this);
  }

  subscribe(filter, kind, qos) {
    this.#subscriptions.set(filter, { kind, qos });
    this.#saveSession();
    this.messages.deliver();
    this.#changes.emit('change');
  }

  unsubscribe(filter) {
    this.#subscriptions.delete(filter);
    this.#saveSession();
  }

  /** The QoS at which the identity currently receives this, or undefined if it does not. */
  qosOf(kind) {
    const { connection } = this;
    if (!connection?.isEstablished) return undefined;
    // The service does not send these two to devices that did not state their api-version.
    const needsVersion = kind === Subscription.METHODS || kind === Subscription.DESIRED;
    if (needsVersion && connection.apiVersion === undefined) return undefined;
    const levels = this.#levelsOf(kind);
    if (levels.length === 0) return undefined;
    return Math.min(Math.max(...levels), highestQos(kind, this.settings));
  }

  /** Whether its session, connected or not, has such a subscription. */
  hasSubscription(kind) {
    return this.#levelsOf(kind).length > 0;
  }

  #levelsOf(kind) {
    const subscriptions = [...this.#subscriptions.values()];
    return subscriptions.filter((each) => each.kind === kind).map(({ qos }) => qos);
  }

  /** Publishes to the identity if it has subscribed. */
  push(kind, topic, payload) {
    const qos = this.qosOf(kind);
    if (qos !== undefined) this.connection?.publish({ topic, payload, qos });
  }

  /** Waits until the identity is connected with the subscription. Returns whether it is. */
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

  handlePublish(connection, packet) {
    handlePublish(connection, packet, this);
  }

  /** Handles a PUBACK. Returns whether it was for a message in the queue. */
  acknowledged(messageId, connection) {
    return this.messages.acknowledge(messageId, connection);
  }

  takeWill(will, annotations) {
    this.telemetry.accept({ ...will, annotations });
  }

  /** Returns a packet id that no unacknowledged packet to the identity uses. */
  takePacketId() {
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (
      this.messages.usesPacketId(this.#lastPacketId) ||
      this.connection?.unacknowledged.has(this.#lastPacketId)
    );
    return this.#lastPacketId;
  }

  #save() {
    this.records.put('', Object.fromEntries(SAVED.map((name) => [name, this[name]])));
  }

  #saveSession() {
    if (this.#hasSession) this.records.put('session', this.#subscriptions);
    else this.records.delete('session');
  }
}
