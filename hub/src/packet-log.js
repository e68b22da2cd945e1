import { parseSasToken } from './sas-token.js';
import { EventLog } from './event-log.js';

const KEPT = 10_000;

/** The packets of a device's connections, in both directions, for tests and debugging. */
export class PacketLog {
  #log;

  /** @param {import('./budget.js').Budget} budget for the packets of all devices */
  constructor(budget) {
    this.#log = new EventLog(KEPT, { budget });
  }

  /**
   * @param {import('mqtt-packet').Packet & {payload?: Buffer | string}} packet
   * @param {number} connection its number
   * @param {'in' | 'out'} direction
   * @param {number} frame number of the frame that completed it
   */
  record(packet, connection, direction, frame) {
    const time = Date.now();
    const entry = { connection, direction, frame, time, packet: withoutSecrets(packet) };
    this.#log.append(entry, packet.length ?? packet.payload?.length);
  }

  /** As `EventLog.read`, filtered by packet type and direction. */
  async read({ type, direction, ...query }) {
    const matches = (entry) =>
      (type === undefined || entry.packet.cmd === type) &&
      (direction === undefined || entry.direction === direction);
    return (await this.#log.read({ ...query, matches })).map(describe);
  }
}

function withoutSecrets(packet) {
  if (!packet.password) return packet;
  const { sr, se, skn } = parseSasToken(packet.password.toString()) ?? {};
  return { ...packet, password: { sr, se, skn } };
}

function describe({ packet, time, ...where }) {
  const { payload, topic, will, ...fields } = packet;
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  return {
    ...where,
    time: new Date(time),
    ...fields,
    ...(topic != null && { topic }),
    ...(payload != null && { payload: base64(payload) }),
    ...(will && { will: { ...will, payload: base64(will.payload) } }),
  };
}
