import { ProtocolViolation } from './errors.js';
import { EventLog } from './event-log.js';
import { parseBag } from './properties.js';

const KEPT = 100_000;
const MAX_SIZE = 262_144;

/** The messages that one device sent, as a back end reads them. */
export class Telemetry {
  log;
  /** Is told of each message. */
  onMessage = () => {};

  /** @param {import('./store.js').Records} records */
  constructor(records) {
    this.log = new EventLog(KEPT, records, 'telemetry');
  }

  /** Takes a message that was saved. */
  restore(message) {
    this.log.restore(message);
  }

  /**
   * Takes a PUBLISH of the device.
   * @param {object} packet as mqtt-packet decodes it
   * @param {string} bag the part of its topic that holds the properties
   */
  accept({ payload, retain, dup, messageId }, bag) {
    const { systemProperties, properties } = parseBag(bag);
    const size = payload.length + sizeOf(systemProperties, properties);
    if (size > MAX_SIZE) {
      throw new ProtocolViolation(`a message of ${size} bytes exceeds ${MAX_SIZE}`);
    }
    if (retain) properties['mqtt-retain'] = 'true';
    if (dup) properties['mqtt-dup'] = 'true';
    const message = {
      payload,
      properties,
      systemProperties,
      dup,
      packetId: messageId ?? null,
      enqueuedTime: new Date(),
    };
    this.log.append(message);
    this.onMessage(message);
  }

  /** As `EventLog.read`, in the form of `describeMessage`. */
  async read(query) {
    return (await this.log.read(query)).map(describeMessage);
  }
}

/** A message as back ends see it. */
export const describeMessage = ({ sequence, payload, ...rest }) => ({
  sequence,
  body: payload.toString('base64'),
  text: payload.toString('utf8'),
  ...rest,
});

/** IoT Hub counts the names of custom properties, not those of its own. */
function sizeOf(systemProperties, properties) {
  const counted = [
    ...Object.values(systemProperties),
    ...Object.keys(properties),
    ...Object.values(properties),
  ];
  return counted.reduce((size, text) => size + Buffer.byteLength(text ?? ''), 0);
}
