import { Message } from 'iothub-device-client';

/** How long a device that stops waits for acknowledgements, in milliseconds. */
const LAST_WAIT_MS = 3_000;

/**
 * @typedef {object} SentMessage
 * @property {string} [name] of the message in the scene, if it is in the scene
 * @property {string} text the body
 * @property {Record<string, string>} properties
 * @property {string} contentType
 * @property {string} contentEncoding
 */

/** Sends the messages of one device, and counts what becomes of them. */
export class DeviceTelemetry {
  #id;
  #client;
  #device;
  #sent = 0;
  #acknowledged = 0;
  #failed = 0;
  #pending = 0;
  #settled;

  /**
   * @param {string} id
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {object} device
   * @param {import('./device.js').Surroundings} device.around
   * @param {import('./device-errors.js').DeviceErrors} device.errors
   * @param {import('./statistics.js').Rate} [device.rate] that the page shows
   * @param {() => void} device.counted called when the counts have changed
   */
  constructor(id, client, device) {
    this.#id = id;
    this.#client = client;
    this.#device = device;
  }

  get counts() {
    return { sent: this.#sent, acknowledged: this.#acknowledged, failed: this.#failed };
  }

  /**
   * Sends a message.
   * @param {SentMessage} sent
   * @param {number} now
   * @param {Promise<void>} [leaving] of a device that is going offline: it is sent after that
   * @returns {Promise<void>} resolves when acknowledged; needs no `catch` if nothing awaits it
   */
  send(sent, now, leaving) {
    const { name: _, text, properties, ...options } = sent;
    const message = new Message(text, options);
    Object.assign(message.customProperties, properties);
    this.#sent += 1;
    this.#pending += 1;
    const { sentRecord, statistics, observer } = this.#device.around;
    statistics.addSent();
    observer.sent?.(this.#id, sent, now);
    const entry = sentRecord.add(this.#id, sent, now);
    const called = performance.now();
    const sendIt = () => this.#client.sendMessage(message);
    const done = leaving ? leaving.then(sendIt) : sendIt();
    done.then(
      () => this.#noteAcknowledged(performance.now() - called, entry),
      (error) => this.#noteFailed(error, entry),
    );
    this.#device.counted();
    return done;
  }

  /** Resolves when all messages have settled, or after a while; `undefined` if they have already. */
  allSettled() {
    if (this.#pending === 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_WAIT_MS);
      this.#settled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #noteAcknowledged(latency, entry) {
    const { around, errors, rate } = this.#device;
    this.#acknowledged += 1;
    around.sentRecord.settle(entry, { status: 'acknowledged', milliseconds: latency });
    errors.forget();
    const now = Date.now();
    rate?.add(now);
    around.statistics.addAcknowledged(latency, now);
    around.observer.acknowledged?.(this.#id, latency);
    this.#noteSettled();
  }

  #noteFailed(error, entry) {
    // The message stays in the outbox.
    if (this.#client.outbox && error.name === 'OperationCancelled') return this.#noteSettled();
    const { around, errors } = this.#device;
    this.#failed += 1;
    around.sentRecord.settle(entry, { status: 'failed', error: error.message });
    around.statistics.addFailed();
    errors.note(error);
    this.#noteSettled();
  }

  #noteSettled() {
    this.#pending -= 1;
    if (this.#pending === 0) this.#settled?.();
    this.#device.counted();
  }
}
