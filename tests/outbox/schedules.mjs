/**
 * The fault matrix of the outbox: random calls, connections that come and go, clocks that jump,
 * processes that end, and a store that fails, is slow, never responds or is full. Time is virtual.
 * A schedule is generated from a number, its seed, so that a failure can be repeated.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ownStore } from '../../pkg-template/own-store.js';
import { ScriptedClient, ScriptedHub } from './scripted-hub.mjs';
import { ScriptedStore } from './scripted-store.mjs';
import { VirtualClock, idle } from './virtual-clock.mjs';

const STEPS = 60;
const METHODS = ['open', 'append', 'read', 'remove', 'close'];
/** More than any schedule needs to recover. */
const MOST_ROUNDS = 2_000;

const encoder = new TextEncoder();
const never = new Promise(() => {});

/** Plays schedules with the seeds from `first`, one after the other. */
export function testSchedules(first, count) {
  test(`${count} random schedules: nothing is lost, the order is kept, every call settles`, async (t) => {
    const totals = {};
    for (let seed = first; seed < first + count; seed += 1) {
      const figures = await play(seed);
      for (const [name, figure] of Object.entries(figures)) {
        totals[name] = (totals[name] ?? 0) + figure;
      }
    }
    t.diagnostic(JSON.stringify(totals));
  });
}

/** Returns what happened. */
async function play(seed) {
  const clock = new VirtualClock();
  try {
    const schedule = new Schedule(seed, clock);
    await schedule.play();
    return schedule.figures;
  } catch (error) {
    error.message = `OUTBOX_SEED=${seed}: ${error.message}`;
    throw error;
  } finally {
    clock.end();
  }
}

/** A store as one process sees it. */
class FaultyStore {
  /** Methods that reject. */
  failing = new Set();
  /** Methods that do not respond yet. */
  hanging = new Set();
  isFull = false;
  /** What it held when it was opened. */
  held;
  #store;
  #waiting = [];
  #isDead = false;

  constructor(store) {
    this.#store = store;
    for (const name of METHODS) this[name] = (...args) => this.#call(name, args);
  }

  heal() {
    this.failing.clear();
    this.isFull = false;
    this.release();
  }

  /** Completes the hanging calls, in order. */
  release() {
    this.hanging.clear();
    for (const begin of this.#waiting.splice(0)) begin();
  }

  /** The process ends: some of the hanging calls have reached the store. */
  kill(random) {
    const reached = this.#waiting.splice(0, random.below(this.#waiting.length + 1));
    for (const begin of reached) begin();
    this.#isDead = true;
  }

  #call(name, args) {
    if (this.#isDead) return never;
    if (!this.hanging.has(name)) return this.#do(name, args);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#do(name, args).then(resolve, reject));
    });
  }

  async #do(name, args) {
    if (this.failing.has(name)) throw new Error(`${name} is broken`);
    if (name === 'append' && this.isFull) throw new Error('no space left');
    const result = await this.#store[name](...args);
    if (name === 'open') this.held = result;
    return result;
  }
}

/** What happens in one schedule. A device sends numbers, in growing order. */
class Schedule {
  figures = { accepted: 0, rejected: 0, arrived: 0, dropped: 0, kills: 0, 'store faults': 0 };
  #random;
  #clock;
  #options;
  #hub = new ScriptedHub();
  #messages = new ScriptedStore();
  /** The current process. */
  #process;
  #number = 0;
  /** The numbers that must arrive, unless they are dropped. */
  #accepted = new Set();
  #dropped = new Set();
  /**
   * The dropped numbers that had not arrived when their process ended: the next one may still find
   * them.
   */
  #left = new Set();
  #pending = new Set();

  constructor(seed, clock) {
    this.#random = new Random(seed);
    this.#clock = clock;
    const random = this.#random;
    this.#options = {
      maxMessages: random.of([3, 20, 100_000]),
      maxBytes: random.of([100, 1_000_000]),
      maxAge: random.of([undefined, undefined, 30]),
      whenFull: random.of(['refuse', 'drop-oldest']),
      drainRate: random.of([5, 1_000_000]),
    };
    this.#start();
  }

  async play() {
    for (let step = 0; step < STEPS; step += 1) {
      await this.#step();
      if (this.#random.isOneOf(2)) await idle();
      this.#checkLimits();
    }
    await this.#recover();
    this.#check();
  }

  #start() {
    const store = new FaultyStore(this.#messages);
    const outbox = ownStore(store, this.#options);
    const client = new ScriptedClient(this.#hub, outbox);
    this.#process = { store, outbox, client };
  }

  async #step() {
    const { store, outbox, client } = this.#process;
    const random = this.#random;
    const steps = [
      [12, () => this.#send()],
      [8, () => client.connect()],
      [8, () => client.acknowledge(1 + random.below(10))],
      [4, () => this.#clock.pass(random.of([10, 200, 1_000, 5_000]))],
      [1, () => this.#clock.pass(61_000)],
      [1, () => this.#clock.jump(random.of([-3_600_000, 20_000]))],
      [2, () => client.drop()],
      [2, () => (this.#hub.isReachable = !this.#hub.isReachable)],
      [1, () => client.giveUp(new Error('the login was refused'))],
      [1, () => client.disconnect()],
      [1, () => void outbox.drained().catch(() => {})],
      [1, () => void this.#hub.poison.add(String(this.#number))],
      [2, () => this.#harm(store.failing)],
      [2, () => this.#harm(store.hanging)],
      [1, () => this.#harmBy(() => (store.isFull = true))],
      [4, () => store.heal()],
      [1, () => this.#restart()],
      [1, () => this.#kill()],
    ];
    let point = random.below(steps.reduce((sum, [weight]) => sum + weight, 0));
    await steps.find(([weight]) => (point -= weight) < 0)[1]();
  }

  #harm(methods) {
    this.#harmBy(() => methods.add(this.#random.of(METHODS)));
  }

  #harmBy(harm) {
    this.figures['store faults'] += 1;
    harm();
  }

  #send() {
    for (let left = 1 + this.#random.below(6); left > 0; left -= 1) {
      const number = this.#number++;
      this.#note(number, this.#put(number, this.#random.isOneOf(2)), this.#process);
    }
  }

  async #put(number, awaitsHub) {
    const { outbox } = this.#process;
    const body = encoder.encode(String(number));
    await outbox.put({ body, systemProperties: '', customProperties: '' }, awaitsHub);
    if (awaitsHub) assert.ok(this.#hub.arrived.includes(String(number)), `${number} is not there`);
  }

  /** Follows a call, for as long as its process runs. */
  async #note(number, call, process) {
    const entry = { number, process };
    this.#pending.add(entry);
    let error;
    await call.catch((cause) => (error = cause));
    if (process.isDead) return;
    this.#pending.delete(entry);
    if (error?.code === 'ERR_ASSERTION') process.failure = error;
    const isStored = !error || /^(cancelled by|the login was)/.test(error.message);
    if (isStored) this.#accepted.add(number);
    else this.figures.rejected += 1;
  }

  /** The process ends normally, and the next one begins. */
  async #restart() {
    const { store, outbox, client } = this.#process;
    store.heal();
    const closed = outbox.close();
    client.giveUp(new client.OperationCancelled('cancelled by shutdown'));
    await this.#passUntil(closed);
    await idle();
    this.#collectDrops();
    this.#start();
  }

  /** Lets time pass until the promise is settled. */
  async #passUntil(promise, act = () => {}) {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      await Promise.race([settled, idle()]);
      if (isSettled) return;
      act();
      this.#clock.pass(500);
    }
    assert.fail('it does not recover');
  }

  #kill() {
    const { store, client } = this.#process;
    this.figures.kills += 1;
    store.kill(this.#random);
    client.kill();
    this.#process.isDead = true;
    this.#collectDrops();
    for (const entry of this.#pending) {
      if (entry.process === this.#process) this.#pending.delete(entry);
    }
    this.#start();
  }

  #collectDrops() {
    for (const { text } of this.#process.client.drops) {
      this.#dropped.add(Number(text));
      if (!this.#hub.arrived.includes(text)) this.#left.add(Number(text));
    }
  }

  /** All faults end, and the rest arrives. */
  async #recover() {
    if (this.#random.isOneOf(2)) await this.#restart();
    const { store, outbox, client } = this.#process;
    this.#hub.isReachable = true;
    store.heal();
    await idle();
    await this.#passUntil(outbox.drained(), () => {
      client.connect();
      client.acknowledge(1_000);
    });
    // What failed is retried after a second: storing a copy, then removing the original.
    for (let retries = 0; retries < 2; retries += 1) {
      await idle();
      this.#clock.pass(1_000);
    }
    await idle();
    this.#collectDrops();
  }

  /**
   * The stored messages that are not done are within the limits, unless there were more at the
   * start.
   */
  #checkLimits() {
    const { maxMessages, maxBytes } = this.#options;
    const { store, client } = this.#process;
    if (!store.held) return;
    const texts = new Set(this.#messages.texts.filter((text) => !client.done.has(text)));
    const bytes = [...texts].join('').length;
    assert.ok(texts.size <= Math.max(maxMessages, store.held.count), `${texts.size} are stored`);
    assert.ok(bytes <= Math.max(maxBytes, store.held.bytes), `${bytes} bytes are stored`);
  }

  #check() {
    const { outbox, failure } = this.#process;
    if (failure) throw failure;
    assert.deepEqual([...this.#pending], [], 'every call settles');
    const arrived = [...new Set(this.#hub.arrived.map(Number))];
    const first = arrived.filter((number) => !this.#left.has(number));
    const sorted = [...first].sort((a, b) => a - b);
    assert.deepEqual(first, sorted, 'the first arrivals are in order');
    const missing = [...this.#accepted].filter(
      (number) => !arrived.includes(number) && !this.#dropped.has(number),
    );
    assert.deepEqual(missing, [], 'what was accepted and not dropped has arrived');
    const left = [...this.#messages.messages.values()];
    const waiting = left.filter(({ movedAside }) => movedAside === undefined);
    assert.deepEqual(waiting, [], 'nothing waits');
    assert.deepEqual([outbox.count, outbox.bytes], [left.length, this.#messages.bytes]);
    Object.assign(this.figures, {
      accepted: this.#accepted.size,
      arrived: arrived.length,
      dropped: this.#dropped.size,
    });
  }
}

/** Mulberry32: the same numbers for the same seed. */
class Random {
  #state;

  constructor(seed) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of(values) {
    return values[this.below(values.length)];
  }

  isOneOf(count) {
    return this.below(count) === 0;
  }
}
