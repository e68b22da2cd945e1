/**
 * Microsoft's device client for Node.js, driven by commands: `../python/device.py` in another
 * language, with the same calls and events.
 */
import { Readable } from 'node:stream';

import device from 'azure-iot-device';
import deviceMqtt from 'azure-iot-device-mqtt';

import { answerCommands, tell } from './commands.mjs';

const { Client, Message, ModuleClient, SharedAccessKeyAuthenticationProvider } = device;
const { MqttWs } = deviceMqtt;

/** How many seconds before its expiry a token is renewed. */
const RENEWAL_MARGIN = 120;

const PROPERTIES = [
  'messageId',
  'correlationId',
  'userId',
  'contentType',
  'contentEncoding',
  'expiryTimeUtc',
];

/** One client, and the calls that a command can name. */
class Device {
  #name;
  #client;

  constructor(name) {
    this.#name = name;
  }

  #event(event, value) {
    tell({ client: this.#name, event, value });
  }

  async open({ connectionString, certificate, moduleId, renewAfter }) {
    const kind = moduleId ? ModuleClient : Client;
    if (renewAfter) {
      const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(
        connectionString,
        renewAfter + RENEWAL_MARGIN,
        RENEWAL_MARGIN,
      );
      this.#client = kind.fromAuthenticationProvider(provider, MqttWs);
    } else {
      this.#client = kind.fromConnectionString(connectionString, MqttWs);
    }
    if (certificate) {
      const { cert, key } = certificate;
      await this.#client.setOptions({ cert, key });
    }
    this.#client.on('error', (error) => console.error(error));
    await this.#client.open();
  }

  async disconnect() {
    await this.#client.close();
  }

  async reconnect() {
    await this.#client.open();
  }

  async close() {
    await this.#client.close();
  }

  async send({ body, properties = {}, output, ...system }) {
    const message = Object.assign(new Message(Buffer.from(body, 'base64')), system);
    for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
    if (output) await this.#client.sendOutputEvent(output, message);
    else await this.#client.sendEvent(message);
  }

  async twin() {
    const { properties } = await this.#client.getTwin();
    return JSON.parse(JSON.stringify(properties));
  }

  async report({ patch }) {
    const twin = await this.#client.getTwin();
    await new Promise((resolve, reject) => {
      twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve()));
    });
  }

  async listen() {
    const twin = await this.#client.getTwin();
    twin.on('properties.desired', (patch) => this.#event('desired', patch));
    if (this.#client instanceof ModuleClient) {
      this.#client.on('inputMessage', (input, message) => this.#received(message, input));
    } else {
      this.#client.on('message', (message) => this.#received(message));
    }
    this.#answerMethod('echo', ({ payload }, response) => response.send(200, payload));
    this.#answerMethod('nothing', (request, response) => response.send(204));
    this.#answerMethod('refuse', (request, response) => response.send(403, { why: 'not today' }));
    this.#answerMethod('silent', () => {});
    this.#answerMethod('throw', () => {
      throw new Error('what a handler throws');
    });
  }

  #received(message, inputName) {
    const { propertyList } = message.properties;
    this.#event('message', {
      body: message.data.toString('base64'),
      properties: Object.fromEntries(propertyList.map(({ key, value }) => [key, value])),
      inputName,
      ...Object.fromEntries(PROPERTIES.map((name) => [name, message[name] || undefined])),
    });
    this.#client.complete(message);
  }

  #answerMethod(name, answer) {
    const handler = (request, response) => {
      this.#event('method', { name, payload: request.payload });
      answer(request, response);
    };
    if (this.#client instanceof ModuleClient) this.#client.onMethod(name, handler);
    else this.#client.onDeviceMethod(name, handler);
  }

  async upload({ blobName, body }) {
    const bytes = Buffer.from(body, 'base64');
    await this.#client.uploadToBlob(blobName, Readable.from([bytes]), bytes.length);
  }
}

const devices = new Map();

await answerCommands(({ client, call, arguments: values }) => {
  if (!devices.has(client)) devices.set(client, new Device(client));
  return devices.get(client)[call](values);
});
