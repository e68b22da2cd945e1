/** Devices that send once a second each, in Node.js and in pages alike. */

const PERIOD = 1000;
const BYTES = 110;
/** Browsers throttle a page that opens many sockets at the same time. */
const CONNECTING = 10;

export class Fleet {
  #IoTHubDeviceClient;
  #devices = [];

  constructor(IoTHubDeviceClient) {
    this.#IoTHubDeviceClient = IoTHubDeviceClient;
  }

  /** @param {{connectionString: string, endpoint: string}[]} identities */
  async connect(identities) {
    for (let start = 0; start < identities.length; start += CONNECTING) {
      const some = identities.slice(start, start + CONNECTING);
      await Promise.all(some.map((identity) => this.#add(identity).connect()));
    }
  }

  /** Resolves when the first message of each device is acknowledged. */
  async start() {
    // Spread over the period, like messages of independent devices.
    const apart = PERIOD / this.#devices.length;
    await Promise.all(this.#devices.map((device, index) => device.start(index * apart)));
  }

  /** How many messages are acknowledged. */
  accepted() {
    return this.#devices.reduce((sum, { accepted }) => sum + accepted, 0);
  }

  /**
   * Resolves when all messages are acknowledged, with the number of messages that each device sent.
   */
  stop() {
    return Promise.all(this.#devices.map((device) => device.stop()));
  }

  #add({ connectionString, endpoint }) {
    const { createFromConnectionString } = this.#IoTHubDeviceClient;
    const device = new Device(createFromConnectionString(connectionString, { endpoint }));
    this.#devices.push(device);
    return device;
  }
}

class Device {
  accepted = 0;
  #client;
  #sent = 0;
  #timer;
  /** Rejects with the first failure. */
  #all = Promise.resolve();

  constructor(client) {
    this.#client = client;
  }

  connect() {
    return this.#client.connect();
  }

  async start(delay) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    this.#timer = setInterval(() => this.#send(), PERIOD);
    this.#send();
    await this.#all;
  }

  async stop() {
    clearInterval(this.#timer);
    await this.#all;
    return this.#sent;
  }

  #send() {
    this.#sent += 1;
    const sending = this.#client.sendMessage(`${this.#sent}`.padEnd(BYTES));
    this.#all = Promise.all([this.#all, sending]).then(() => void (this.accepted += 1));
  }
}
