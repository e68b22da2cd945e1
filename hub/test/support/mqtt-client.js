import mqtt from 'mqtt';
import { credentials } from './credentials.js';
import { within } from './within.js';

/** A device with MQTT.js, a client that is independent of ours. */
export class MqttClient {
  #messages = [];
  #waiting = [];
  #closed;

  /** Connects; rejects with MQTT.js' error if the hub refuses. */
  static async connect(hub, device, options = {}) {
    const client = new MqttClient();
    client.mqtt = mqtt.connect(hub.endpoint, {
      ...credentials(hub, device),
      clean: false,
      reconnectPeriod: 0,
      ...options,
    });
    client.#closed = new Promise((resolve) => client.mqtt.once('close', resolve));
    client.mqtt.on('message', (topic, payload, packet) => client.#take(topic, payload, packet));
    await new Promise((resolve, reject) => {
      client.mqtt.once('connect', (connack) => {
        client.connack = connack;
        resolve();
      });
      client.mqtt.once('error', reject);
      client.#closed.then(() => reject(new Error('closed before CONNACK')));
    });
    client.mqtt.on('error', () => {});
    return client;
  }

  subscribe(filter, qos = 1) {
    return this.mqtt.subscribeAsync(filter, { qos });
  }

  publish(topic, payload = '', options = { qos: 1 }) {
    return this.mqtt.publishAsync(topic, payload, options);
  }

  /** The next received message: `{topic, text, payload, packet}`. */
  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return within(new Promise((resolve) => this.#waiting.push(resolve)), 'a message');
  }

  /** How many unexpected messages have arrived. */
  get unread() {
    return this.#messages.length;
  }

  /** Resolves when the connection has ended. */
  get closed() {
    return within(this.#closed, 'the end of the connection');
  }

  end() {
    return this.mqtt.endAsync();
  }

  /** Disconnects without DISCONNECT. */
  async drop() {
    this.mqtt.stream.destroy();
    await this.closed;
  }

  #take(topic, payload, packet) {
    const message = { topic, payload, packet, text: payload.toString() };
    const waiter = this.#waiting.shift();
    if (waiter) waiter(message);
    else this.#messages.push(message);
  }
}
