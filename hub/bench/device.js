import { once } from 'node:events';
import mqttPacket from 'mqtt-packet';
import WebSocket from 'ws';

const PUBACK_LENGTH = 4;

/**
 * A device that costs as little as possible: PUBLISH packets are created once and sent repeatedly.
 */
export class Device {
  #id;
  #socket;
  #onBytes;

  static async connect({ endpoint, hostname }, id, password) {
    const device = new Device();
    device.#id = id;
    device.#socket = new WebSocket(endpoint, 'mqtt', { perMessageDeflate: false });
    await once(device.#socket, 'open');
    device.#socket.on('message', (bytes) => device.#onBytes(bytes));
    const connack = new Promise((resolve) => (device.#onBytes = resolve));
    device.#socket.send(
      mqttPacket.generate({
        cmd: 'connect',
        clientId: id,
        username: `${hostname}/${id}/?api-version=2021-04-12`,
        password,
      }),
    );
    const [, , , returnCode] = await connack;
    if (returnCode !== 0) throw new Error(`${id} was refused with CONNACK ${returnCode}`);
    return device;
  }

  /** Sends this many messages; resolves when all are acknowledged. */
  async send({ messages, inFlight, bytes }) {
    const packets = Array.from({ length: inFlight }, (_, index) => this.#publish(index + 1, bytes));
    let unsent = messages;
    let unacknowledged = messages;
    const sendNext = (packet) => {
      if (unsent-- > 0) this.#socket.send(packet);
    };
    await new Promise((resolve, reject) => {
      this.#socket.once('close', () => reject(new Error(`${this.#id} was dropped`)));
      this.#onBytes = (received) => {
        for (let start = 0; start < received.length; start += PUBACK_LENGTH) {
          sendNext(packets[received.readUInt16BE(start + 2) - 1]);
          if (--unacknowledged === 0) resolve();
        }
      };
      for (const packet of packets) sendNext(packet);
    });
  }

  close() {
    this.#socket.terminate();
  }

  #publish(messageId, bytes) {
    const topic = `devices/${this.#id}/messages/events/`;
    const payload = 'x'.repeat(bytes);
    return mqttPacket.generate({ cmd: 'publish', qos: 1, messageId, topic, payload });
  }
}
