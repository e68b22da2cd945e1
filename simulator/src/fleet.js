import { readBehaviour, readKinds } from './behaviour.js';
import { Scheduler } from './scheduler.js';
import { SentRecord } from './sent-record.js';
import { Statistics } from './statistics.js';
import { readTemplate } from './template.js';
import { TraceLog } from './trace.js';

/**
 * Hubs throttle connections, and machines have few threads: hundreds of devices connect gradually.
 */
const CONNECTING_AT_ONCE = 20;

/** The shortest time between two notifications, in milliseconds. */
const NEWS_MS = 250;

/** With more devices than this, changes of counts alone are reported once a second. */
const MANY = 50;

/** How many entries of a log are reported at most, unless more are requested. */
const SHOWN = 60;

/**
 * All simulated devices. It runs in a worker of the page, and in Node.js.
 *
 * Listeners are notified at most four times a second, and only after the previous notification has
 * settled. In a large fleet, messages sent and acknowledged are reported once a second, unless
 * something else has changed.
 */
export class Fleet {
  #devices = new Map();
  #kinds = new Map();
  #seed = 0;
  #statistics = new Statistics();
  #trace = new TraceLog();
  #sentRecord = new SentRecord();
  #around;
  #hasNews = false;
  #watched;
  #listeners = new Map();
  #timer;

  /**
   * @param {object} [options]
   * @param {boolean} [options.keepsDetails] whether charts, logs and sent messages of each device
   *   are kept, which takes memory
   * @param {boolean | 'always'} [options.connectionRetry] as the client's: with `'always'`, a
   *   device whose first connection fails retries, and `start` waits for it
   * @param {import('./device.js').Observer} [options.observer]
   * @param {() => Store | Promise<Store>} [options.createStore] for devices whose identity has
   *   `keepsOutbox`; a store is an `OutboxStore` of the client
   */
  constructor({ keepsDetails = true, connectionRetry, observer = {}, createStore } = {}) {
    this.#around = {
      scheduler: new Scheduler(),
      statistics: this.#statistics,
      trace: this.#trace,
      sentRecord: this.#sentRecord,
      changed: () => (this.#hasNews = true),
      counted: () => (this.#hasNews ||= this.#devices.size <= MANY),
      keepsDetails,
      connectionRetry,
      observer,
      createStore,
    };
    this.#timer = setInterval(() => this.#tell(), NEWS_MS);
    // In Node.js, a fleet without a connected device does not keep the process running.
    this.#timer.unref?.();
  }

  /**
   * Applies the kinds of a scene. Devices whose kind has changed follow it immediately; the others
   * continue as before. Devices of a kind that the scene does not have become devices of its first
   * kind. A device keeps the model id with which it was added.
   * @param {import('./scene.js').Scene} scene from `parseScene` or `checkScene`
   * @param {Map<string, string>} [renamed] former names of kinds, with their current ones
   */
  setScene(scene, renamed = new Map()) {
    const { seed = 0, kinds } = scene;
    const behaviours = readKinds(scene);
    const before = new Map(
      [...this.#kinds].map(([name, kind]) => [
        JSON.stringify([renamed.get(name) ?? name, this.#seed, kind.behaviour]),
        kind.makeBehaviour,
      ]),
    );
    this.#kinds = new Map(
      kinds.map(({ name, modelId, behaviour }, index) => {
        const known = before.get(JSON.stringify([name, seed, behaviour]));
        return [name, { modelId, behaviour, makeBehaviour: known ?? behaviours[index] }];
      }),
    );
    this.#seed = seed;
    const [first] = this.#kinds.keys();
    for (const device of this.#devices.values()) {
      const wanted = renamed.get(device.kind) ?? device.kind;
      const kind = this.#kinds.has(wanted) ? wanted : first;
      device.behaveAs(kind, this.#kinds.get(kind).makeBehaviour);
    }
  }

  /**
   * Changes the behaviour of a kind and of its devices.
   * @param {import('./scene.js').Behaviour} behaviour from `checkBehaviour`
   */
  setBehaviour(kindName, behaviour) {
    const kind = this.#kind(kindName);
    const makeBehaviour = readBehaviour(behaviour, this.#seed);
    this.#kinds.set(kindName, { ...kind, behaviour, makeBehaviour });
    for (const device of this.#devices.values()) {
      if (device.kind === kindName) device.behaveAs(kindName, makeBehaviour);
    }
  }

  /**
   * The first message with this index that a device of this behaviour would send, and the longest of
   * its first messages; or the mistake in the behaviour.
   */
  preview(behaviour, deviceId, index = 0) {
    try {
      const device = readBehaviour(behaviour, this.#seed)(deviceId);
      const messages = device.messages.map(firstOf);
      const [longest] = messages.toSorted((one, other) => other.wholeSize - one.wholeSize);
      return { message: messages[index], longest };
    } catch ({ message, at }) {
      return { error: { message, at } };
    }
  }

  /** The mistake in a template, and its place in the text; `undefined` if there is none. */
  mistakeIn(text) {
    try {
      readTemplate(text);
      return undefined;
    } catch ({ mistake, at: { line, column } }) {
      return `line ${line}, column ${column}: ${mistake}`;
    }
  }

  /**
   * The mistake in each of the identities, in their order; `undefined` for one that can be added.
   * @param {import('./identity.js').Identity[]} identities
   * @returns {Promise<Array<string | undefined>>}
   */
  async mistakesInIdentities(identities) {
    const { createClient, idOf } = await import('./identity.js');
    const mistakeIn = async (identity) => {
      try {
        await createClient(identity, { autoConnect: false }).shutdown();
        const id = idOf(identity);
        return this.#devices.has(id) ? `There is already a device ${id}.` : undefined;
      } catch (error) {
        return error.message;
      }
    };
    return Promise.all(identities.map(mistakeIn));
  }

  /**
   * Adds devices, all or none.
   * @param {import('./identity.js').Identity[]} identities
   * @param {string} kindName
   * @returns {Promise<{ids: string[]}>}
   */
  async add(identities, kindName) {
    // Loaded with the client, which is most of what a page loads, and is not needed before.
    const { Device } = await import('./device.js');
    const stores = await Promise.all(identities.map((identity) => this.#storeOf(identity)));
    const kind = this.#kind(kindName);
    const added = new Map();
    try {
      for (const [index, identity] of identities.entries()) {
        const number = identities.length > 1 && index + 1;
        const device = this.#create(number, () => {
          return new Device(identity, this.#around, kind.modelId, stores[index]);
        });
        if (this.#devices.has(device.id) || added.has(device.id)) {
          await device.shutdown();
          throw new Error(`There is already a device ${device.id}.`);
        }
        device.behaveAs(kindName, kind.makeBehaviour);
        added.set(device.id, device);
      }
    } catch (error) {
      await Promise.all([...added.values()].map((device) => device.shutdown()));
      throw error;
    }
    for (const [id, device] of added) this.#keep(id, device);
    return { ids: [...added.keys()] };
  }

  /**
   * Adds devices of an enrollment group, all or none. Each keeps its own key; the group's key is
   * not kept.
   * @param {import('./group.js').Group} group
   * @param {string[]} registrationIds
   * @param {string} kindName
   */
  async addMembers(group, registrationIds, kindName) {
    // Loaded with the client, as in `add`.
    const { memberOf } = await import('./group.js');
    return this.add(
      registrationIds.map((id) => memberOf(group, id)),
      kindName,
    );
  }

  /** @param {string[] | 'all'} ids */
  async remove(ids) {
    const devices = this.#choose(ids);
    for (const { id } of devices) {
      this.#devices.delete(id);
      for (const log of [this.#trace, this.#sentRecord]) log.removeDevice(id);
    }
    if (devices.includes(this.#watched)) this.#watched = undefined;
    this.#hasNews = true;
    await Promise.all(devices.map((device) => device.shutdown()));
  }

  /**
   * Connects devices, which then send. Resolves when each is connected or has failed.
   * @param {string[] | 'all'} ids
   */
  async start(ids) {
    const waiting = this.#choose(ids).filter((device) => device.prepareToStart());
    const startNext = async () => {
      for (let device = waiting.shift(); device; device = waiting.shift()) await device.start();
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, startNext));
  }

  /** @param {string[] | 'all'} ids */
  async stop(ids) {
    await Promise.all(this.#choose(ids).map((device) => device.stop()));
  }

  /** Passes snapshots of all devices to `listener`; `undefined` ends this. */
  subscribe(listener) {
    this.#hasNews = true;
    this.#listen('snapshot', listener);
  }

  /** Passes the details of one device to `listener`; `undefined` as the id ends this. */
  watch(id, listener) {
    this.#watched = id === undefined ? undefined : this.#device(id);
    if (this.#watched) this.#watched.hasNews = true;
    this.#listen('details', listener);
  }

  /**
   * Passes the newest packets and states that match to `listener`, and how much is kept; without a
   * listener, this ends. See `TraceLog.watch` for the query.
   * @param {(news: {entries: object[], matched: number, kept: object}) => void} [listener]
   * @param {{ids?: string[] | 'all', text?: string, direction?: string, limit?: number}} [query]
   */
  trace(listener, query = {}) {
    this.#watchLog('trace', this.#trace, listener, query);
  }

  /** The payload of a packet that `trace` reported; `undefined` if it is no longer kept. */
  tracedPayload(id, sequence) {
    return this.#trace.payload(id, sequence);
  }

  /** All kept packets and states, oldest first: a line of JSON for each. */
  exportTrace(ids = 'all') {
    return this.#trace.export(setOf(ids));
  }

  /**
   * Passes the newest sent messages that match to `listener`, and how much is kept; without a
   * listener, this ends. See `SentRecord.watch` for the query.
   * @param {(news: {entries: object[], matched: number, kept: object}) => void} [listener]
   * @param {{ids?: string[] | 'all', text?: string, status?: string, limit?: number}} [query]
   */
  watchSent(listener, query = {}) {
    this.#watchLog('sent', this.#sentRecord, listener, query);
  }

  /** A message that `watchSent` reported, with its body; `undefined` if it is no longer kept. */
  sentMessage(id, sequence) {
    return this.#sentRecord.find(id, sequence);
  }

  /**
   * All messages that are kept, oldest first.
   * @param {'jsonl' | 'csv'} format a line of JSON for each, or a table
   * @param {string[] | 'all'} [ids]
   */
  exportSent(format, ids = 'all') {
    return this.#sentRecord.export(setOf(ids), format);
  }

  /** Sends the messages of a device immediately. */
  sendNow(id) {
    return this.#device(id).sendNow();
  }

  /**
   * Sends a message of a device that is not in its scene.
   * @param {import('./device-telemetry.js').SentMessage} message
   */
  send(id, message) {
    return this.#device(id).send(message);
  }

  reportProperties(id, patch) {
    return this.#device(id).reportProperties(patch);
  }

  getTwin(id) {
    return this.#device(id).getTwin();
  }

  upload(id, name, blob, onProgress) {
    return this.#device(id).upload(name, blob, onProgress);
  }

  cancelUpload(id, number) {
    this.#device(id).cancelUpload(number);
  }

  /** Removes all devices, and stops all notifications. */
  async close() {
    await this.remove('all');
    clearInterval(this.#timer);
  }

  #keep(id, device) {
    this.#devices.set(id, device);
    if (!this.#around.keepsDetails) return;
    for (const log of [this.#trace, this.#sentRecord]) log.addDevice(id);
  }

  #storeOf({ keepsOutbox }) {
    return keepsOutbox ? this.#around.createStore() : undefined;
  }

  #create(number, create) {
    try {
      return create();
    } catch (error) {
      const which = number ? `Device ${number} of the list` : 'The device';
      throw new Error(`${which} cannot be added: ${error.message}`, { cause: error });
    }
  }

  #choose(ids) {
    return ids === 'all' ? [...this.#devices.values()] : ids.map((id) => this.#device(id));
  }

  #device(id) {
    const device = this.#devices.get(id);
    if (!device) throw new Error(`There is no device ${id}.`);
    return device;
  }

  #kind(name) {
    const kind = this.#kinds.get(name);
    if (!kind) throw new Error(`The scene has no kind "${name}", only ${[...this.#kinds.keys()]}.`);
    return kind;
  }

  /** The state and the counts of one device, as in a snapshot. */
  row(id) {
    return this.#device(id).row(Date.now());
  }

  /** Sums over all devices. */
  totals(now = Date.now()) {
    const { sent, acknowledged, failed, uploaded, failedUploads } = this.#statistics;
    let connected = 0;
    for (const { state } of this.#devices.values()) if (state === 'connected') connected += 1;
    return {
      devices: this.#devices.size,
      connected,
      sent,
      acknowledged,
      failed,
      uploaded,
      failedUploads,
      ratePerSecond: this.#statistics.ratePerSecond(now),
    };
  }

  #snapshot() {
    const now = Date.now();
    const devices = [...this.#devices.values()].map((device) => device.row(now));
    return { devices, totals: this.totals(now), series: this.#statistics.series() };
  }

  #watchLog(kind, log, listener, { ids = 'all', limit = SHOWN, ...query }) {
    if (listener) log.watch({ ids: setOf(ids), limit, ...query });
    else log.unwatch();
    this.#listen(kind, listener);
  }

  #listen(kind, listener) {
    if (listener) this.#listeners.set(kind, { listener, isBusy: false });
    else this.#listeners.delete(kind);
  }

  #tell() {
    const isNewSecond = this.#statistics.closeSeconds(Date.now());
    if ((this.#hasNews || isNewSecond) && this.#push('snapshot', () => this.#snapshot())) {
      this.#hasNews = false;
    }
    if (this.#watched?.hasNews && this.#push('details', () => this.#watched.details())) {
      this.#watched.hasNews = false;
    }
    this.#push('trace', () => this.#trace.news());
    this.#push('sent', () => this.#sentRecord.news());
  }

  /** Notifies the listeners, except those that are still busy with the previous notification. */
  #push(kind, makeNews) {
    const entry = this.#listeners.get(kind);
    if (!entry || entry.isBusy) return false;
    const news = makeNews();
    if (news === undefined) return false;
    entry.isBusy = true;
    Promise.resolve(entry.listener(news)).finally(() => (entry.isBusy = false));
    return true;
  }
}

/** The first message of a behaviour, and its size as the hub counts it: with its properties. */
function firstOf(behaviour) {
  const { text: body, properties, contentType, contentEncoding } = behaviour.next(Date.now());
  const size = bytesIn(body);
  const others = [contentType, contentEncoding, ...Object.entries(properties).flat()];
  const { name } = behaviour.settings;
  return { name, body, properties, size, wholeSize: size + bytesIn(...others) };
}

const bytesIn = (...texts) => new TextEncoder().encode(texts.join('')).length;

const setOf = (ids) => (ids === 'all' ? undefined : new Set(ids));
