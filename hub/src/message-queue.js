import { HubError } from './errors.js';
import { formatBag } from './properties.js';
import { Subscription } from './topics.js';

const MAX_PENDING = 50;
const MAX_IN_FLIGHT = 16;
const MAX_BODY = 64 * 1024;
const MAX_TOPIC = 65_535;
const TIME_TO_LIVE = 60 * 60 * 1000;
/** How many deliveries are kept for a test that wants one repeated. */
const KEPT_DELIVERIES = 100;

/**
 * The queue of messages to one device, or to the inputs of one module; a message leaves it when it
 * is acknowledged.
 */
export class MessageQueue {
  #identity;
  #messages = [];
  #lastSequenceNumber = 0;
  #deliveries = [];

  constructor(identity) {
    this.#identity = identity;
  }

  /** Takes the number that the last message had. */
  restoreSequence(sequenceNumber) {
    this.#lastSequenceNumber = sequenceNumber;
  }

  /** Takes a message that was saved. */
  restore(message) {
    this.#messages.push({ ...message, sentOn: null });
  }

  get pending() {
    this.#dropExpired();
    return this.#messages.length;
  }

  /** Forgets every message; tells how many there were. */
  purge() {
    const { pending } = this;
    this.#messages = [];
    return pending;
  }

  /** Whether an unacknowledged message has this packet id. */
  usesPacketId(id) {
    return this.#messages.some((message) => message.packetId === id);
  }

  /**
   * @param {{payload: Buffer, systemProperties: object, properties: Record<string, string|null>,
   *          expiryTimeUtc?: Date, input?: string}} message `input` is that of a module
   * @returns {number} its sequence number
   */
  enqueue(message) {
    if (this.pending >= MAX_PENDING) {
      throw new HubError(
        'DeviceMaximumQueueDepthExceeded',
        `${MAX_PENDING} messages to the device are pending`,
      );
    }
    const { payload, systemProperties, expiryTimeUtc } = message;
    const topic = topicOf(this.#identity, message);
    if (payload.length > MAX_BODY || Buffer.byteLength(topic) > MAX_TOPIC) {
      throw new HubError('MessageTooLarge', 'the body exceeds 64 KB, or the properties do');
    }
    const sequenceNumber = ++this.#lastSequenceNumber;
    const queued = {
      sequenceNumber,
      topic,
      payload,
      messageId: systemProperties.messageId,
      expires: expiryTimeUtc?.getTime() ?? Date.now() + TIME_TO_LIVE,
      deliveryCount: 0,
      sentOn: null,
    };
    this.#messages.push(queued);
    this.#save(queued);
    this.#identity.records.put('lastSequenceNumber', sequenceNumber);
    this.deliver();
    return sequenceNumber;
  }

  /** Sends what the identity takes now; messages that another connection got are repeated. */
  deliver() {
    const { connection } = this.#identity;
    const qos = this.#identity.qosOf(Subscription.MESSAGES);
    if (qos === undefined) return;
    this.#dropExpired();
    const inFlight = this.#messages.filter((message) => message.sentOn === connection);
    const waiting = this.#messages.filter((message) => message.sentOn !== connection);
    if (qos === 0) {
      // Sending is all there is.
      this.#messages = inFlight;
      for (const message of waiting) {
        const { topic, payload } = message;
        this.#forget(message);
        connection.publish({ topic, payload, qos });
      }
    } else {
      const room = MAX_IN_FLIGHT - inFlight.length;
      for (const message of waiting.slice(0, room)) this.#send(message, connection);
    }
  }

  /**
   * Delivers once more, marked as a duplicate, what the present connection got at QoS 1.
   * @param {string} [messageId] the last message, unless one is named
   */
  redeliver(messageId) {
    const { connection } = this.#identity;
    const delivery = this.#deliveries.findLast(
      (candidate) =>
        candidate.connection === connection &&
        (messageId === undefined || candidate.messageId === messageId),
    );
    if (!delivery) {
      throw new HubError('NotFound', 'The present connection got no such message at QoS 1.');
    }
    connection.publish({ ...delivery.packet, dup: true });
  }

  /**
   * @returns {boolean} whether a message of this connection had the packet id
   */
  acknowledge(packetId, connection) {
    const index = this.#messages.findIndex(
      (message) => message.packetId === packetId && message.sentOn === connection,
    );
    if (index < 0) return false;
    this.#forget(...this.#messages.splice(index, 1));
    this.deliver();
    return true;
  }

  #send(message, connection) {
    const { topic, payload, messageId } = message;
    message.packetId ??= this.#identity.takePacketId();
    message.sentOn = connection;
    const dup = message.deliveryCount++ > 0;
    this.#save(message);
    const packet = { topic, payload, qos: 1, dup, messageId: message.packetId };
    this.#deliveries = this.#deliveries.slice(1 - KEPT_DELIVERIES);
    this.#deliveries.push({ messageId, connection, packet });
    connection.publish(packet);
  }

  #dropExpired() {
    const now = Date.now();
    const { connection } = this.#identity;
    // What is with the device may still be acknowledged.
    this.#messages = this.#messages.filter((message) => {
      const stays =
        message.expires > now || (connection !== null && message.sentOn === connection);
      if (!stays) this.#forget(message);
      return stays;
    });
  }

  #save({ sentOn, ...message }) {
    this.#identity.records.put('message', message, message.sequenceNumber);
  }

  #forget({ sequenceNumber }) {
    this.#identity.records.delete('message', sequenceNumber);
  }
}

function topicOf({ path }, { systemProperties, properties, expiryTimeUtc, input }) {
  const isInput = input !== undefined;
  const end = isInput ? ['inputs', input] : ['messages', 'devicebound'];
  const address = [...path, ...end].join('/');
  const to = isInput ? undefined : `/${address}`;
  const system = { ...systemProperties, to, expiryTimeUtc: expiryTimeUtc?.toISOString() };
  return `${address}/${formatBag(system, properties)}`;
}
