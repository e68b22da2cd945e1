import { HubError } from './errors.js';
import { formatBag } from './properties.js';
import { Subscription } from './topics.js';

const MAX_PENDING = 50;
const MAX_IN_FLIGHT = 16;
const MAX_BODY = 64 * 1024;
const MAX_TOPIC = 65_535;
const TIME_TO_LIVE = 60 * 60 * 1000;

/** The queue of messages to one device; a message leaves it when the device acknowledges it. */
export class CloudToDeviceQueue {
  #device;
  #messages = [];
  #lastSequenceNumber = 0;

  constructor(device) {
    this.#device = device;
  }

  get pending() {
    this.#dropExpired();
    return this.#messages.length;
  }

  /** Whether an unacknowledged message has this packet id. */
  usesPacketId(id) {
    return this.#messages.some((message) => message.packetId === id);
  }

  /**
   * @param {{payload: Buffer, systemProperties: object, properties: Record<string, string|null>,
   *          expiryTimeUtc?: Date}} message
   * @returns {number} its sequence number
   */
  enqueue({ payload, systemProperties, properties, expiryTimeUtc }) {
    if (this.pending >= MAX_PENDING) {
      throw new HubError(
        'DeviceMaximumQueueDepthExceeded',
        `${MAX_PENDING} messages to the device are pending`,
      );
    }
    const address = `devices/${this.#device.deviceId}/messages/devicebound`;
    const bag = formatBag(
      { ...systemProperties, to: `/${address}`, expiryTimeUtc: expiryTimeUtc?.toISOString() },
      properties,
    );
    const topic = `${address}/${bag}`;
    if (payload.length > MAX_BODY || Buffer.byteLength(topic) > MAX_TOPIC) {
      throw new HubError('MessageTooLarge', 'the body exceeds 64 KB, or the properties do');
    }
    const sequenceNumber = ++this.#lastSequenceNumber;
    const expires = expiryTimeUtc?.getTime() ?? Date.now() + TIME_TO_LIVE;
    this.#messages.push({ topic, payload, expires, deliveryCount: 0, sentOn: null });
    this.deliver();
    return sequenceNumber;
  }

  /** Sends what the device takes now; messages that another connection got are repeated. */
  deliver() {
    const { connection } = this.#device;
    const qos = this.#device.qosOf(Subscription.MESSAGES);
    if (qos === undefined) return;
    this.#dropExpired();
    const inFlight = this.#messages.filter((message) => message.sentOn === connection);
    const waiting = this.#messages.filter((message) => message.sentOn !== connection);
    if (qos === 0) {
      // Sending is all there is.
      this.#messages = inFlight;
      for (const { topic, payload } of waiting) connection.publish({ topic, payload, qos });
    } else {
      const room = MAX_IN_FLIGHT - inFlight.length;
      for (const message of waiting.slice(0, room)) this.#send(message, connection);
    }
  }

  /**
   * @returns {boolean} whether a message of this connection had the packet id
   */
  acknowledge(packetId, connection) {
    const index = this.#messages.findIndex(
      (message) => message.packetId === packetId && message.sentOn === connection,
    );
    if (index < 0) return false;
    this.#messages.splice(index, 1);
    this.deliver();
    return true;
  }

  #send(message, connection) {
    const { topic, payload } = message;
    message.packetId ??= this.#device.takePacketId();
    message.sentOn = connection;
    const dup = message.deliveryCount++ > 0;
    connection.publish({ topic, payload, qos: 1, dup, messageId: message.packetId });
  }

  #dropExpired() {
    const now = Date.now();
    const { connection } = this.#device;
    // What is with the device may still be acknowledged.
    this.#messages = this.#messages.filter(
      (message) =>
        message.expires > now || (connection !== null && message.sentOn === connection),
    );
  }
}
