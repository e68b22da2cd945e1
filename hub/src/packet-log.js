import { parseSasToken } from './sas-token.js';
import { EventLog } from './event-log.js';

const KEPT = 10_000;

/** Every packet of a device's connections, both ways, for tests and curious people. */
export class PacketLog {
  #log = new EventLog(KEPT);

  /**
   * @param {object} packet as mqtt-packet decodes or encodes it
   * @param {{connection: number, direction: 'in' | 'out', frame: number}} where
   */
  record(packet, where) {
    this.#log.append({ ...where, time: new Date(), packet: withoutSecrets(packet) });
  }

  /** As `EventLog.read`, with a packet type and a direction to choose by. */
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

function describe({ packet, ...where }) {
  const { payload, topic, will, ...fields } = packet;
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  return {
    ...where,
    ...fields,
    ...(topic != null && { topic }),
    ...(payload != null && { payload: base64(payload) }),
    ...(will && { will: { ...will, payload: base64(will.payload) } }),
  };
}
