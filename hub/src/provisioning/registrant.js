import { randomBytes, randomUUID } from 'node:crypto';
import { ConnectionLog } from '../connection-log.js';
import { RegistrationFaults } from '../faults.js';
import { PacketLog } from '../packet-log.js';
import { handleRegistrationPublish } from './exchange.js';

const FILTER = '$dps/registrations/res/#';
const MAX_PACKET_ID = 0x4000;
const MAX_OPERATIONS = 100;

/**
 * One request to register; polls return its state.
 * @typedef {{operationId: string, state: import('./registrations.js').RegistrationState}} Operation
 */

/** One registration id: the connection of its client, and what it requested. */
export class Registrant {
  faults = new RegistrationFaults();
  connectionLog = new ConnectionLog();
  /** @type {import('../connection.js').Connection | null} */
  connection = null;
  /** How many connections were accepted so far. */
  connections = 0;
  /** @type {Date | null} */
  lastActivity = null;
  /**
   * The credentials of the current connection.
   * @type {import('./attestation.js').Credentials}
   */
  credentials = {};
  /** The last assignment: assignments run one after the other. */
  running = Promise.resolve();
  /** @type {Map<string, number>} */
  #subscriptions = new Map();
  /** @type {Map<string, Operation>} */
  #operations = new Map();
  #lastPacketId = 0;
  #service;

  /**
   * @param {string} registrationId as the first client with it wrote it
   * @param {import('./service.js').ProvisioningService} service
   * @param {import('../budget.js').Budget} budget for the packets of all
   */
  constructor(registrationId, service, budget) {
    this.registrationId = registrationId;
    this.packets = new PacketLog(budget);
    this.#service = service;
  }

  /** The MQTT client id, which is also its name in the log. */
  get id() {
    return this.registrationId;
  }

  /** Milliseconds since 1970 by the service's clock, which a fault may have changed. */
  get now() {
    return Date.now() + (this.faults.clock ?? 0) * 1000;
  }

  get filters() {
    return [...this.#subscriptions.keys()];
  }

  get isConnected() {
    return this.connection?.isEstablished ?? false;
  }

  /**
   * Makes the connection the only one; the service keeps no sessions, whatever CONNECT requests.
   */
  attach(connection, credentials) {
    this.connection?.close('another connection with the same registration id replaced it');
    this.connection = connection;
    this.credentials = credentials;
    this.#subscriptions.clear();
  }

  established() {
    this.connections++;
  }

  detach(connection) {
    if (this.connection === connection) this.connection = null;
  }

  subscriptionOf(filter) {
    return filter === FILTER ? 'registrations' : undefined;
  }

  subscribe(filter, kind, qos) {
    this.#subscriptions.set(filter, qos);
  }

  unsubscribe(filter) {
    this.#subscriptions.delete(filter);
  }

  handlePublish(connection, packet) {
    handleRegistrationPublish(connection, packet, this, this.#service);
  }

  /** There is no message queue here. */
  acknowledged() {
    return false;
  }

  /** The service ignores wills. */
  takeWill() {}

  takePacketId() {
    do {
      this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    } while (this.connection?.unacknowledged.has(this.#lastPacketId));
    return this.#lastPacketId;
  }

  /** Publishes a response to the client, if it has subscribed. */
  push(topic, payload) {
    const qos = this.#subscriptions.get(FILTER);
    if (qos !== undefined) this.connection?.publish({ topic, payload, qos });
  }

  /**
   * Begins an operation; only the newest are kept for polls.
   * @returns {Operation}
   */
  begin() {
    const { registrationId } = this;
    const operationId = `4.${randomBytes(8).toString('hex')}.${randomUUID()}`;
    const operation = { operationId, state: { registrationId, status: 'assigning' } };
    this.#operations.set(operationId, operation);
    const [oldest] = this.#operations.keys();
    if (this.#operations.size > MAX_OPERATIONS) this.#operations.delete(oldest);
    return operation;
  }

  /** @returns {Operation | undefined} */
  operation(operationId) {
    return this.#operations.get(operationId);
  }
}
