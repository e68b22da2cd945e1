import mqttPacket from 'mqtt-packet';
import WebSocket from 'ws';
import { credentials } from './credentials.js';
import { within } from './within.js';

/** A WebSocket that sends MQTT packets or any bytes, for things that no proper client does. */
export class RawClient {
  #packets = [];
  #waiting = [];
  #closed;
  /** `{data, isBinary}` of each received frame. */
  frames = [];

  static async open(hub, { url = hub.endpoint, protocol = 'mqtt', ...options } = {}) {
    const client = new RawClient();
    client.webSocket = new WebSocket(url, protocol, { perMessageDeflate: false, ...options });
    client.#closed = new Promise((resolve) =>
      client.webSocket.once('close', (code) => client.#end(code, resolve)),
    );
    client.webSocket.once('upgrade', ({ socket }) => {
      client.socketError = new Promise((resolve) => socket.once('error', resolve));
    });
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on('packet', (packet) => client.#take(packet));
    client.webSocket.on('message', (data, isBinary) => {
      client.frames.push({ data, isBinary });
      if (isBinary) parser.parse(data);
    });
    await new Promise((resolve, reject) => {
      client.webSocket.once('open', resolve);
      client.webSocket.once('error', reject);
    });
    client.webSocket.on('error', () => {});
    return client;
  }

  /** Opens, sends CONNECT and waits for CONNACK. */
  static async connect(hub, device, options = {}) {
    const client = await RawClient.open(hub);
    client.send(connectPacket(hub, device, options));
    client.connack = await client.next();
    return client;
  }

  send(packet) {
    this.sendBytes(mqttPacket.generate(packet));
  }

  sendBytes(bytes) {
    this.webSocket.send(bytes);
  }

  /** The next packet from the hub; undefined if the connection ends first. */
  next() {
    if (this.#packets.length > 0) return Promise.resolve(this.#packets.shift());
    if (this.webSocket.readyState === WebSocket.CLOSED) return Promise.resolve(undefined);
    return within(new Promise((resolve) => this.#waiting.push(resolve)), 'a packet');
  }

  /** The close code, when the connection has ended. */
  get closed() {
    return within(this.#closed, 'the end of the connection');
  }

  async close() {
    this.webSocket.terminate();
    await this.closed;
  }

  #take(packet) {
    const waiter = this.#waiting.shift();
    if (waiter) waiter(packet);
    else this.#packets.push(packet);
  }

  #end(code, resolve) {
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    resolve(code);
  }
}

export function connectPacket(hub, device, options = {}) {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: false,
    keepalive: 60,
    ...credentials(hub, device),
    ...options,
  };
}
