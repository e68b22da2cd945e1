import { describeMemory, measureMemory } from '../leaks/node-memory.mjs';

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { BackEnd } from '../../scripts/start/back-end.mjs';
import { Chaos } from './chaos.mjs';
import { SoakDevice } from './device.mjs';

/** The interval of each device's messages, in milliseconds; everything else is less frequent. */
const PERIOD = 200;
/** Faults a second. */
const STRIKES = 2;
const TOKEN_LIFETIMES = [10, 30, 60, 125, 3600];

/** Busy devices at their own hub, and the comparison of both ends. */
export class Soak {
  #hub;
  #devices = [];
  #chaos;
  #minutes;
  /** Device id → bodies of the cloud-to-device messages that the hub accepted. */
  #queued = new Map();
  #step = 0;
  #methods = { answered: 0, failed: 0 };

  static async start({ minutes, devices, seed }) {
    const soak = new Soak();
    soak.#minutes = minutes;
    soak.#chaos = new Chaos(seed);
    // The hub's memory is not that of the devices.
    soak.#hub = new Worker(new URL('../conformance/hub-thread.mjs', import.meta.url));
    const [{ url, authorization }] = await once(soak.#hub, 'message');
    const access = { url, authorization: () => authorization };
    for (let number = 1; number <= devices; number++) {
      const backEnd = await BackEnd.createDevice(access, `device-${number}`);
      soak.#queued.set(backEnd.deviceId, []);
      soak.#devices.push(new SoakDevice(backEnd, soak.#chaos.choose(TOKEN_LIFETIMES)));
    }
    return soak;
  }

  /**
   * @param {Promise<unknown>} stopped ends it early
   * @returns {Promise<number>} how many acknowledged messages are missing
   */
  async run(stopped) {
    console.log(`${this.#devices.length} devices for ${this.#minutes} minutes`);
    console.log(`memory at the start: ${describeMemory(measureMemory())}`);
    const timers = [
      setInterval(() => this.#devices.forEach((device) => device.send()), PERIOD),
      setInterval(() => this.#chaos.strike(this.#backEnds), 1000 / STRIKES),
      setInterval(() => this.#serve(), 1000),
      setInterval(() => this.#tell(), 60_000),
    ];
    let end;
    const over = new Promise((resolve) => (end = setTimeout(resolve, this.#minutes * 60_000)));
    await Promise.race([over, stopped]);
    for (const timer of [...timers, end]) clearInterval(timer);
    console.log('nothing goes wrong any more; waiting for what is still under way');
    await this.#chaos.over();
    await this.#quiet();
    const missing = await this.#compare();
    await Promise.all(this.#devices.map((device) => device.shutdown()));
    // The counts are not memory of the clients.
    this.#devices.length = 0;
    this.#queued.clear();
    console.log(`memory at the end: ${describeMemory(measureMemory())}`);
    await this.#hub.terminate();
    return missing;
  }

  get #backEnds() {
    return this.#devices.map(({ backEnd }) => backEnd);
  }

  /** What a back end does: a message, a method or a desired property, for one device. */
  async #serve() {
    const device = this.#chaos.choose(this.#devices);
    const step = ++this.#step;
    await this.#queue(device, `message ${step}`);
    device.report(step).catch(() => {});
    await device.backEnd.patchDesired({ step });
    await device.backEnd.invokeMethod('echo', step).then(
      ({ payload }) => (this.#methods.answered += payload === step ? 1 : 0),
      () => (this.#methods.failed += 1),
    );
  }

  async #queue({ backEnd }, body) {
    try {
      await backEnd.sendMessage({ body });
      this.#queued.get(backEnd.deviceId).push(body);
    } catch (error) {
      // Fifty are pending.
      if (error.status !== 403) throw error;
    }
  }

  /** Waits until every call has settled, and the last message and property have arrived. */
  async #quiet() {
    await Promise.all(
      this.#devices.map(async (device) => {
        await device.settled();
        await device.connect();
        const step = ++this.#step;
        await this.#queue(device, `message ${step}`);
        await device.backEnd.patchDesired({ step });
        await device.until(() => device.received.includes(`message ${step}`));
        await device.until(() => device.desired === step);
      }),
    );
  }

  async #compare() {
    const sum = { accepted: 0, rejected: 0, atHub: 0, lost: 0, duplicates: 0, reconnects: 0 };
    const messages = { queued: 0, received: 0, lost: 0, duplicates: 0 };
    for (const device of this.#devices) {
      const sent = (await device.backEnd.telemetry()).map(({ text }) => JSON.parse(text).number);
      const atHub = new Set(sent);
      sum.accepted += device.accepted.size;
      sum.rejected += device.rejected;
      sum.atHub += sent.length;
      sum.lost += [...device.accepted].filter((number) => !atHub.has(number)).length;
      sum.duplicates += sent.length - atHub.size;
      sum.reconnects += device.reconnects - 1;
      const queued = this.#queued.get(device.deviceId);
      const received = new Set(device.received);
      messages.queued += queued.length;
      messages.received += device.received.length;
      messages.lost += queued.filter((body) => !received.has(body)).length;
      messages.duplicates += device.received.length - received.size;
    }
    console.log('what went wrong:', this.#chaos.counts);
    console.log('telemetry:', sum);
    console.log('cloud-to-device messages:', messages);
    console.log('direct methods:', this.#methods);
    return sum.lost + messages.lost;
  }

  #tell() {
    const accepted = this.#devices.reduce((sum, device) => sum + device.accepted.size, 0);
    console.log(`${accepted} messages acknowledged; ${describeMemory(measureMemory())}`);
  }
}
