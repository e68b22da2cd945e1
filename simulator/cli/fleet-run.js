import { Fleet } from '../src/fleet.js';
import { FleetThreads } from './fleet-threads.js';
import { Measurements } from './measurements.js';
import { CommandError } from './usage.js';

/** How often due devices are started and figures taken, in milliseconds. */
const TICK_MS = 100;
const SECOND_MS = 1000;

/** The ramp waits while this many devices are connecting: with a slow hub, more would time out. */
export const MOST_CONNECTING = 500;

const NEVER = new Promise(() => {});

/** One run of a fleet: starts its devices one after the other, measures, and stops them. */
export class FleetRun {
  #measurements = new Measurements();
  #fleet;
  #scene;
  #identities;
  /** The devices that have not started yet, in order. */
  #waiting;
  #starting = new Set();
  /** How many devices there are. */
  #connecting = 0;
  #play;
  /** Planned id → id in the fleet: a connection string has its own. */
  #idOf = new Map();

  /**
   * @param {object} parts
   * @param {import('../src/scene.js').Scene} parts.scene
   * @param {import('../src/plan.js').PlannedDevice[]} parts.planned
   * @param {import('./identities.js').Identities} parts.identities
   * @param {import('./recording.js').Recording} [parts.recording]
   * @param {number} [parts.threads] how many share the devices; one: they run in this thread
   * @param {Play} [parts.play] begins when all devices have started; its end is that of the run
   *
   * @typedef {(acts: {send: (planned: import('../src/plan.js').PlannedDevice,
   *   message: import('../src/device-telemetry.js').SentMessage) => Promise<void>,
   *   signal: AbortSignal}) => Promise<void>} Play
   */
  constructor({ scene, planned, identities, recording, threads = 1, play }) {
    this.#identities = identities;
    this.#play = play;
    this.#waiting = [...planned];
    const observer = {
      sent: recording && ((id, message, now) => recording.add(id, message, now)),
      acknowledged: (_, milliseconds) => this.#measurements.addLatency(milliseconds),
      failed: (_, error) => this.#measurements.addError(error),
    };
    this.#scene = scene;
    this.#fleet =
      threads > 1
        ? new FleetThreads(threads, observer)
        : new Fleet({ keepsDetails: false, connectionRetry: 'always', observer });
  }

  /**
   * Runs until the time is up or the signal is aborted.
   * @param {{durationMs?: number, signal: AbortSignal, tell: (state: object) => void}} options
   */
  async run(options) {
    try {
      await this.#fleet.setScene(this.#scene);
      return await this.#run(options);
    } finally {
      // Otherwise, its timer would keep the process running after an error.
      await this.#fleet.close();
    }
  }

  async #run({ durationMs = Infinity, signal, tell }) {
    const startedAt = new Date();
    const begun = performance.now();
    let nextSecond = SECOND_MS;
    let isOver = false;
    let played = NEVER;
    while (!isOver) {
      const elapsed = performance.now() - begun;
      await this.#startDue(elapsed);
      if (elapsed >= nextSecond) {
        nextSecond += SECOND_MS;
        await this.#takeFigures(elapsed, tell);
      }
      if (this.#play && this.#waiting.length === 0 && this.#starting.size === 0) {
        played = this.#beginToPlay(signal);
      }
      isOver = elapsed >= durationMs || (await Promise.race([pause(TICK_MS, signal), played]));
    }
    const { connected } = await this.#fleet.totals();
    await this.#fleet.stop('all');
    await Promise.all(this.#starting);
    const durationOfAll = performance.now() - begun;
    const totals = await this.#takeFigures(durationOfAll, tell);
    const { sent, acknowledged, uploaded, failedUploads } = totals;
    const lost = sent - acknowledged;
    return {
      startedAt,
      durationMs: Math.round(durationOfAll),
      totals: { connected, sent, acknowledged, lost, uploaded, failedUploads },
      measurements: this.#measurements,
    };
  }

  /** @returns {Promise<true>} resolves when it is over */
  async #beginToPlay(signal) {
    const play = this.#play;
    this.#play = undefined;
    const send = (planned, message) => this.#fleet.send(this.#idOf.get(planned), message);
    await play({ send, signal });
    return true;
  }

  async #startDue(elapsed) {
    const later = this.#waiting.findIndex(({ startMs }) => startMs > elapsed);
    const due = later < 0 ? this.#waiting.length : later;
    const next = this.#waiting.splice(0, Math.min(due, MOST_CONNECTING - this.#connecting));
    const byKind = new Map();
    for (const device of next) {
      byKind.set(device.kind, [...(byKind.get(device.kind) ?? []), device]);
    }
    for (const [kind, devices] of byKind) {
      const identities = devices.map((device) => this.#identities.identityOf(device));
      const { ids } = await this.#fleet.add(identities, kind).catch((error) => {
        throw new CommandError(error.message, { cause: error });
      });
      for (const [at, device] of devices.entries()) this.#idOf.set(device, ids[at]);
      this.#connecting += ids.length;
      const starting = this.#fleet.start(ids).finally(() => {
        this.#connecting -= ids.length;
        this.#starting.delete(starting);
      });
      this.#starting.add(starting);
    }
  }

  async #takeFigures(elapsed, tell) {
    const totals = await this.#fleet.totals();
    this.#measurements.addPoint(elapsed / SECOND_MS, totals);
    const { latencyMs, errors } = this.#measurements;
    tell({ ...totals, elapsedMs: elapsed, waiting: this.#waiting.length, latencyMs, errors });
    return totals;
  }
}

/** Waits; resolves with whether the signal was aborted. */
function pause(milliseconds, signal) {
  if (signal.aborted) return true;
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(signal.aborted);
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
