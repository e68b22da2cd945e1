import { ProtocolViolation } from './errors.js';
import { EventLog } from './event-log.js';

const KEPT = 100_000;
const MAX_SIZE = 262_144;

/**
 * A message as the hub keeps it; `annotations` are those of its connection.
 * @typedef {{payload: Buffer, systemProperties: Record<string, string | null>,
 *            properties: Record<string, string | null>, dup: boolean, packetId: number | null,
 *            annotations: Record<string, string>}} Message
 * @typedef {Message & {sequence: number, enqueuedTime: Date}} KeptMessage
 */

/** The messages that one device sent, as a back end reads them. */
export class Telemetry {
  /** @type {EventLog<KeptMessage>} */
  log;
  /**
   * Called with each message.
   * @type {(message: Message & {enqueuedTime: Date}) => void}
   */
  onMessage = () => {};

  /**
   * @param {import('./store.js').Records} records
   * @param {import('./budget.js').Budget} budget for the messages of all devices
   */
  constructor(records, budget) {
    this.log = new EventLog(KEPT, { budget, records, name: 'telemetry' });
  }

  /** Restores a saved message. */
  restore(message) {
    this.log.restore(message, message.payload.length);
  }

  /**
   * Adds a message from the device.
   * @param {Message} message
   */
  accept(message) {
    const { payload, systemProperties, properties } = message;
    const size = payload.length + sizeOf(systemProperties, properties);
    if (size > MAX_SIZE) {
      throw new ProtocolViolation(`a message of ${size} bytes exceeds ${MAX_SIZE}`);
    }
    const entry = { ...message, enqueuedTime: new Date() };
    this.log.append(entry, size);
    this.onMessage(entry);
  }

  /** As `EventLog.read`, in the form of `describeMessage`. */
  async read(query) {
    return (await this.log.read(query)).map(describeMessage);
  }
}

/**
 * A message as back ends see it.
 * @param {KeptMessage} message
 */
export const describeMessage = ({ sequence, payload, annotations, ...rest }) => ({
  sequence,
  body: payload.toString('base64'),
  text: payload.toString('utf8'),
  ...rest,
  annotations: annotate(annotations, rest),
});

/**
 * A message of any device or module.
 * @param {{deviceId: string, moduleId?: string, message: KeptMessage}} entry
 */
export const describeAnyMessage = ({ deviceId, moduleId, message }) => ({
  deviceId,
  moduleId,
  ...describeMessage(message),
});

/** What the service adds to a message, by the names that back ends read. */
function annotate(annotations, { enqueuedTime, systemProperties }) {
  const { componentName } = systemProperties;
  return {
    ...annotations,
    'iothub-enqueuedtime': enqueuedTime,
    ...(componentName && { 'dt-subject': componentName }),
  };
}

/** IoT Hub counts the names of custom properties, not those of its own. */
function sizeOf(systemProperties, properties) {
  const counted = [
    ...Object.values(systemProperties),
    ...Object.keys(properties),
    ...Object.values(properties),
  ];
  return counted.reduce((size, text) => size + Buffer.byteLength(text ?? ''), 0);
}
