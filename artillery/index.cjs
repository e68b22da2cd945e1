/**
 * The engine of Artillery in whose flows each virtual user is a device of a scene:
 * artillery.io/docs/reference/extension-apis. It is CommonJS, as Artillery loads it by `require`.
 */
'use strict';

/** What an option of `config.engines.iothub` may be called. */
const OPTIONS = [
  ...['scene', 'seed', 'prefix', 'connection-strings', 'group', 'provisioning-host'],
  ...['shards', 'shard-index'],
];

module.exports = class IoTHubEngine {
  #script;
  #options;
  #helpers;
  #devices;

  /** @throws for an option that is not known; Artillery prints it. */
  constructor(script, _, helpers) {
    this.#script = script;
    this.#helpers = helpers;
    this.#options = script.config.engines.iothub ?? {};
    const unknown = Object.keys(this.#options).find((name) => !OPTIONS.includes(name));
    if (unknown !== undefined) {
      throw new Error(`config.engines.iothub has no "${unknown}", but ${OPTIONS.join(', ')}`);
    }
  }

  /** @returns {(context: object, callback: (error?: Error, context?: object) => void) => void} */
  createScenario({ flow }, ee) {
    const steps = flow.map((step) => this.#stepOf(step));
    return (context, callback) => {
      ee.emit('started');
      this.#live(context, steps, ee).then(
        () => callback(undefined, context),
        (error) => callback(error, context),
      );
    };
  }

  /** The life of one virtual user. */
  async #live(context, steps, ee) {
    const device = await this.#nextDevice(ee);
    try {
      for (const step of steps) await step(context, device);
    } finally {
      await device.end();
    }
  }

  async #nextDevice(ee) {
    try {
      // An ES module, loaded when it is needed for the first time.
      this.#devices ??= import('./devices.mjs').then(({ openDevices }) =>
        openDevices(this.#script, this.#options),
      );
      return await (await this.#devices).next(ee);
    } catch (error) {
      ee.emit('error', error.message);
      throw error;
    }
  }

  #stepOf(step) {
    if (step.run !== undefined) {
      return (context, device) => device.run(this.#helpers.template(step.run, context));
    }
    if (step.think !== undefined) {
      const think = this.#helpers.createThink(step, this.#script.config.defaults?.think);
      return (context) => settled((done) => think(context, done));
    }
    if (Array.isArray(step.loop) && step.count !== undefined) {
      const inner = step.loop.map((each) => this.#stepOf(each));
      return async (context, device) => {
        const count = Number(this.#helpers.template(step.count, context));
        for (let turn = 0; turn < count; turn += 1) {
          for (const each of inner) await each(context, device);
        }
      };
    }
    throw new Error(
      `the flow has ${JSON.stringify(step)}, but iothub takes run, think, and loop with count`,
    );
  }
};

const settled = (call) =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
