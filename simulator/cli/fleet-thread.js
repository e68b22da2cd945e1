/** One thread of a fleet: see `fleet-threads.js`. */
import { parentPort, workerData } from 'node:worker_threads';

import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

import { Fleet } from '../src/fleet.js';

class ObservedFleet extends Fleet {
  #sent = [];
  #latencies = [];
  #errors = [];

  constructor() {
    const observer = {
      acknowledged: (id, milliseconds) => this.#latencies.push({ id, milliseconds }),
      failed: (id, { name }) => this.#errors.push({ id, name }),
      ...(workerData.observesSent && {
        sent: (id, message, now) => this.#sent.push({ id, message, now }),
      }),
    };
    super({ keepsDetails: false, connectionRetry: 'always', observer });
  }

  /** The totals, and what was observed since the last call. */
  news() {
    const [sent, latencies, errors] = [this.#sent, this.#latencies, this.#errors];
    [this.#sent, this.#latencies, this.#errors] = [[], [], []];
    return { time: Date.now(), totals: this.totals(), sent, latencies, errors };
  }
}

expose(new ObservedFleet(), nodeEndpoint(parentPort));
