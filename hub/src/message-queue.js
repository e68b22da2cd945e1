import { HubError } from './errors.js';
import { formatBag } from './properties.js';
import { Subscription } from './topics.js';

const MAX_PENDING = 50;
const MAX_IN_FLIGHT = 16;
const MAX_BODY = 64 * 1024;
const MAX_TOPIC = 65_535;
/** How many deliveries are kept, so that a test can repeat one. */
const KEPT_DELIVERIES = 100;
/** The longest timer of Node.js. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * `input` is an input of a module.
 * @typedef {{payload: Buffer, systemProperties: Record<string, string>,
 *            properties: Record<string, string | null>, expiryTimeUtc?: Date, input?: string}}
 *   OutgoingMessage
 */

/**
 * The queue of messages to one device, or to the inputs of one module. A message sent at QoS 1 is
 * locked until it is acknowledged, its lock expires or the connection is lost.
 */
export class MessageQueue {
  #identity;
  #hub;
  #messages = [];
  #lastSequenceNumber = 0;
  /** What was sent on the current connection at QoS 1. */
  #deliveries = [];
  /** The timer for the next lock or message that expires. */
  #timer;

  /**
   * @param {import('./identity.js').Identity} identity
   * @param {{settings: import('./settings.js').Settings,
   *          feedback: import('./feedback.js').Feedback}} hub
   */
  constructor(identity, hub) {
    this.#identity = identity;
    this.#hub = hub;
  }

  /** Restores the number of the last message. */
  restoreSequence(sequenceNumber) {
    this.#lastSequenceNumber = sequenceNumber;
  }

  /** Restores a saved message. */
  restore(message) {
    this.#messages.push({ ...message, sentOn: null });
    this.#setTimer();
  }

  get pending() {
    this.#dropExpired();
    return this.#messages.length;
  }

  /** Returns whether an unacknowledged message has this packet id. */
  usesPacketId(id) {
    return this.#messages.some((message) => message.packetId === id);
  }

  /**
   * @param {OutgoingMessage} message
   * @returns {number} its sequence number
   */
  enqueue(message) {
    if (this.pending >= MAX_PENDING) {
      throw new HubError(
        'DeviceMaximumQueueDepthExceeded',
        `${MAX_PENDING} messages to the device are pending`,
      );
    }
    const { payload, systemProperties, properties, expiryTimeUtc } = message;
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
      ack: properties['iothub-ack'],
      expires: expiryTimeUtc?.getTime() ?? Date.now() + this.#hub.settings.messageTtl * 1000,
      isRepeated: false,
      failedDeliveries: 0,
      sentOn: null,
    };
    this.#messages.push(queued);
    this.#save(queued);
    this.#identity.records.put('lastSequenceNumber', sequenceNumber);
    if (this.#isUnwanted()) this.#finish([queued], 'Rejected');
    this.deliver();
    return sequenceNumber;
  }

  /** Sends the messages that the identity can receive now. */
  deliver() {
    this.#dropExpired();
    const { connection } = this.#identity;
    const qos = this.#identity.qosOf(Subscription.MESSAGES);
    if (qos !== undefined) {
      const waiting = this.#messages.filter(({ sentOn }) => sentOn === null);
      if (qos === 0) this.#sendAndForget(waiting, connection);
      else this.#sendAndLock(waiting, connection);
    }
    this.#setTimer();
  }

  /**
   * Resends a message that the current connection received at QoS 1, marked as a duplicate.
   * @param {string} [messageId] default: the last message
   */
  redeliver(messageId) {
    const delivery = this.#deliveries.findLast(
      (candidate) => messageId === undefined || candidate.messageId === messageId,
    );
    if (!delivery) {
      throw new HubError(
        'NotFound',
        'The current connection has received no such message at QoS 1.',
      );
    }
    this.#identity.connection.publish({ ...delivery.packet, dup: true });
  }

  /**
   * @returns {boolean} whether a message of this connection had the packet id
   */
  acknowledge(packetId, connection) {
    const message = this.#messages.find(
      (candidate) => candidate.packetId === packetId && candidate.sentOn === connection,
    );
    if (!message) return false;
    this.#finish([message], 'Success');
    this.deliver();
    return true;
  }

  /** Unlocks messages that were sent on a closed connection. */
  release(connection) {
    this.#deliveries = [];
    this.#unlock((message) => message.sentOn === connection, true);
    this.deliver();
  }

  /** Removes all messages. @returns {number} how many messages there were */
  purge() {
    const count = this.pending;
    this.#finish(this.#messages, 'Purged');
    this.#setTimer();
    return count;
  }

  /** Forgets all messages without feedback, because the identity was deleted. */
  close() {
    this.#messages = [];
    this.#setTimer();
  }

  #isUnwanted() {
    return (
      this.#hub.settings.unsubscribedMessages === 'reject' &&
      !this.#identity.hasSubscription(Subscription.MESSAGES)
    );
  }

  #sendAndForget(messages, connection) {
    this.#finish(messages, 'Success');
    for (const { topic, payload } of messages) connection.publish({ topic, payload, qos: 0 });
  }

  #sendAndLock(messages, connection) {
    const room = MAX_IN_FLIGHT - (this.#messages.length - messages.length);
    for (const message of messages.slice(0, Math.max(room, 0))) this.#send(message, connection);
  }

  #send(message, connection) {
    const { topic, payload, messageId } = message;
    message.packetId ??= this.#identity.takePacketId();
    message.sentOn = connection;
    message.lockedUntil = Date.now() + this.#hub.settings.messageLock * 1000;
    const dup = message.isRepeated;
    message.isRepeated = true;
    this.#save(message);
    const packet = { topic, payload, qos: 1, dup, messageId: message.packetId };
    this.#deliveries = this.#deliveries.slice(1 - KEPT_DELIVERIES);
    this.#deliveries.push({ messageId, packet });
    connection.publish(packet);
  }

  /** Returns messages to the queue; gives up those whose delivery failed too often. */
  #unlock(condition, counts) {
    const unlocked = this.#messages.filter((message) => message.sentOn && condition(message));
    for (const message of unlocked) {
      message.sentOn = null;
      if (counts) message.failedDeliveries++;
      this.#save(message);
    }
    const { maxDeliveryCount } = this.#hub.settings;
    const failed = unlocked.filter(({ failedDeliveries }) => failedDeliveries >= maxDeliveryCount);
    this.#finish(failed, 'DeliveryCountExceeded');
  }

  #dropExpired() {
    const now = Date.now();
    // The device may still acknowledge messages that were sent to it.
    const expired = this.#messages.filter(({ sentOn, expires }) => !sentOn && expires <= now);
    this.#finish(expired, 'Expired');
  }

  #finish(messages, statusCode) {
    if (messages.length === 0) return;
    const gone = new Set(messages);
    this.#messages = this.#messages.filter((message) => !gone.has(message));
    for (const message of gone) {
      this.#identity.records.delete('message', message.sequenceNumber);
      this.#hub.feedback.add(this.#identity, message, statusCode);
    }
  }

  #save({ sentOn, ...message }) {
    this.#identity.records.put('message', message, message.sequenceNumber);
  }

  #setTimer() {
    clearTimeout(this.#timer);
    const times = this.#messages.map(({ sentOn, lockedUntil, expires }) =>
      sentOn ? lockedUntil : expires,
    );
    if (times.length === 0) return;
    const delay = Math.max(Math.min(...times) - Date.now(), 1);
    this.#timer = setTimeout(() => this.#expire(), Math.min(delay, MAX_TIMER)).unref();
  }

  #expire() {
    const now = Date.now();
    const { lockExpiryCounts } = this.#hub.settings;
    this.#unlock(({ lockedUntil }) => lockedUntil <= now, lockExpiryCounts);
    this.deliver();
  }
}

/**
 * @param {import('./identity.js').Identity} identity
 * @param {OutgoingMessage} message
 */
function topicOf({ path }, { systemProperties, properties, expiryTimeUtc, input }) {
  const isInput = input !== undefined;
  const end = isInput ? ['inputs', input] : ['messages', 'devicebound'];
  const address = [...path, ...end].join('/');
  const to = isInput ? undefined : `/${address}`;
  const system = { ...systemProperties, to, expiryTimeUtc: expiryTimeUtc?.toISOString() };
  return `${address}/${formatBag(system, properties)}`;
}
