/** A fleet whose devices are shared among threads. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** With two cores, the hub or the rest of the machine needs the other one. */
export const defaultThreads = () => (availableParallelism() > 2 ? availableParallelism() : 1);

/**
 * The part of a `Fleet` that a run uses. Its methods return Promises, and `totals` notifies the
 * observer of everything that has happened before.
 */
export class FleetThreads {
  #observer;
  #threads;
  /** Device id → its thread. */
  #threadOf = new Map();
  /** Messages that are kept until no thread has an older one. */
  #sent = [];

  /**
   * @param {number} count
   * @param {import('../src/device.js').Observer} observer
   */
  constructor(count, observer) {
    this.#observer = observer;
    const observesSent = observer.sent !== undefined;
    this.#threads = Array.from({ length: count }, () => new Thread(observesSent));
  }

  async setScene(scene) {
    await this.#all((fleet) => fleet.setScene(scene));
  }

  /** Devices that are added together run in one thread, the one with the fewest devices. */
  async add(identities, kind) {
    const [thread] = this.#threads.toSorted((one, other) => one.devices - other.devices);
    thread.devices += identities.length;
    const added = await thread.call((fleet) => fleet.add(identities, kind));
    for (const id of added.ids) this.#threadOf.set(id, thread);
    return added;
  }

  async start(ids) {
    const idsOf = new Map();
    for (const id of ids) {
      const thread = this.#threadOf.get(id);
      idsOf.set(thread, [...(idsOf.get(thread) ?? []), id]);
    }
    await Promise.all([...idsOf].map(([thread, own]) => thread.call((fleet) => fleet.start(own))));
  }

  async stop(which) {
    await this.#all((fleet) => fleet.stop(which));
  }

  send(id, message) {
    return this.#threadOf.get(id).call((fleet) => fleet.send(id, message));
  }

  async totals() {
    const news = await this.#all((fleet) => fleet.news());
    const sums = {};
    for (const { totals, latencies, errors } of news) {
      for (const [name, value] of Object.entries(totals)) sums[name] = (sums[name] ?? 0) + value;
      for (const { id, milliseconds } of latencies) this.#observer.acknowledged(id, milliseconds);
      for (const { id, name } of errors) this.#observer.failed(id, { name });
    }
    this.#tellSent(news);
    return sums;
  }

  /**
   * Recordings are sorted by time, so messages that are newer than the first response must wait.
   */
  #tellSent(news) {
    this.#sent.push(...news.flatMap(({ sent }) => sent));
    this.#sent.sort((one, other) => one.now - other.now);
    const complete = Math.min(...news.map(({ time }) => time));
    const later = this.#sent.findIndex(({ now }) => now > complete);
    const told = this.#sent.splice(0, later < 0 ? this.#sent.length : later);
    for (const { id, message, now } of told) this.#observer.sent(id, message, now);
  }

  async close() {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #all(call) {
    return Promise.all(this.#threads.map((thread) => thread.call(call)));
  }
}

class Thread {
  devices = 0;
  #worker;
  #fleet;
  /** Rejects if the thread ends with an error. */
  #failed;

  constructor(observesSent) {
    const workerData = { observesSent };
    this.#worker = new Worker(new URL('fleet-thread.js', import.meta.url), { workerData });
    this.#fleet = wrap(nodeEndpoint(this.#worker));
    this.#failed = once(this.#worker, 'error').then(([error]) => Promise.reject(error));
    this.#failed.catch(() => {});
  }

  call(call) {
    return Promise.race([call(this.#fleet), this.#failed]);
  }

  async end() {
    await this.#worker.terminate();
  }
}
