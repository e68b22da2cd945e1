/** A whole run: all rounds, rows, runtimes and contenders, one after the other. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from '../scripts/lib/project.mjs';
import { say } from '../scripts/lib/run.mjs';
import { Chromium } from './chromium.js';
import { programOf } from './programs.js';
import { Results } from './results.js';
import { CONTENDERS, RUNTIMES } from './rows.js';
import { LocalHub, Mosquitto } from './servers.js';

/** The timeout of one job of one contender. */
const LIMIT_MILLISECONDS = 120_000;

/**
 * @typedef {object} Conditions
 * @property {string[]} contenders
 * @property {number} rounds
 * @property {string[]} servers
 * @property {string} [chromium] its version
 * @property {string[]} failures what could not be measured, and why
 */

export class Bench {
  #selection;
  #results = new Results();
  #servers = new Map();
  #chromium;
  /** The limits of another client must not end the run. */
  #failures = new Map();
  #created = 0;

  /**
   * @param {object} selection
   * @param {import('./rows.js').Row[]} selection.rows
   * @param {string[]} selection.runtimes
   * @param {string[]} selection.contenders
   * @param {number} selection.rounds
   * @param {number} selection.seconds for a measurement
   * @param {string} [selection.server] one server for all rows
   * @param {boolean} selection.profile
   */
  constructor(selection) {
    this.#selection = selection;
  }

  /** @returns {Promise<{results: Results, conditions: Conditions}>} */
  async run() {
    const { runtimes, contenders, rounds } = this.#selection;
    try {
      if (runtimes.includes('chromium')) this.#chromium = await Chromium.start(contenders);
      for (let round = 1; round <= rounds; round += 1) {
        say(`Round ${round} of ${rounds}`);
        for (const job of this.#jobs(round)) await this.#measure(job);
      }
      const servers = [...this.#servers.values()].map(({ name }) => name);
      const chromium = this.#chromium?.version;
      const failures = [...this.#failures].map((parts) => parts.join(': '));
      const conditions = { contenders, rounds, servers, chromium, failures };
      return { results: this.#results, conditions };
    } finally {
      for (const server of this.#servers.values()) await server.stop();
      await this.#chromium?.stop();
    }
  }

  *#jobs(round) {
    const { rows, runtimes } = this.#selection;
    // The order alternates, because being first or last may make a difference.
    const contenders = this.#selection.contenders.slice();
    if (round % 2 === 0) contenders.reverse();
    for (const row of rows) {
      for (const runtime of runtimes) {
        if (row.runtimes && !row.runtimes.includes(runtime)) continue;
        for (const contender of contenders) {
          const like = contender === 'before' ? 'ours' : contender;
          if (row.contenders.includes(like)) yield { row, runtime, contender };
        }
      }
    }
  }

  async #measure({ row, runtime, contender }) {
    const server = row.work && (await this.#server(this.#selection.server ?? row.server));
    try {
      const result = await this.#perform(row, runtime, contender, server);
      for (const metric of row.metrics.filter((name) => name in result)) {
        this.#results.add(runtime, row.name, contender, metric, result[metric]);
      }
    } catch (error) {
      const [reason] = error.message.split('\n');
      const what = `${RUNTIMES[runtime]}: ${row.title}, ${CONTENDERS[contender].label}`;
      console.error(`${what}: ${reason}`);
      this.#failures.set(what, reason);
    }
  }

  async #perform(row, runtime, contender, server) {
    if (!server) return { size: this.#chromium.size(contender) };
    const devices = [];
    for (let count = row.devices ?? 1; count > 0; count -= 1) {
      this.#created += 1;
      devices.push(await server.createDevice(`device-${this.#created}`));
    }
    const { seconds, profile } = this.#selection;
    const job = { contender, work: row.work, settings: row.settings, devices, seconds };
    const publish = (count) => server.publish(devices[0], count);
    const signal = AbortSignal.timeout(LIMIT_MILLISECONDS);
    if (runtime === 'chromium') return this.#chromium.run(job, publish, signal);
    const program = pathToFileURL(programOf(contender)).href;
    return runInNode({ ...job, program }, publish, signal, profile);
  }

  async #server(name = 'mosquitto') {
    if (!this.#servers.has(name)) {
      this.#servers.set(name, await (name === 'hub' ? LocalHub : Mosquitto).start());
    }
    return this.#servers.get(name);
  }
}

function runInNode(job, publish, signal, profile) {
  const file = fileURLToPath(new URL('node-process.js', import.meta.url));
  const folder = join(root, 'target', 'profiles');
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const child = fork(file, { execArgv: ['--expose-gc', ...profiling], signal });
  child.send(job);
  return new Promise((resolve, reject) => {
    let result;
    child.on('message', async (message) => {
      if (message.publish) await publish(message.publish).catch(reject);
      else result = message.result;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (result) resolve(result);
      else reject(new Error(`its process ended with exit code ${code}`));
    });
  });
}
