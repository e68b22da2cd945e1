import { Message, MethodResponse } from 'iothub-device-client';

import { Absence } from './absence.js';
import { DeviceDetails } from './device-details.js';
import { DeviceTwin } from './device-twin.js';
import { explain } from './hints.js';
import { answerTo } from './method.js';
import { createClient, idOf } from './identity.js';
import { followDrain } from './outbox.js';
import { receivedOf } from './received.js';
import { Timeline } from './timeline.js';
import { Uploads } from './uploads.js';

/** Messages wait for their acknowledgement; if more than this are waiting, further ones fail. */
const MAX_PENDING = 1_000;

/** How long a device that stops waits for acknowledgements, in milliseconds. */
const LAST_WAIT_MS = 3_000;

/**
 * Notified of what devices do.
 * @typedef {object} Observer
 * @property {(id: string, message: SentMessage, now: number) => void} [sent]
 * @property {(id: string, milliseconds: number) => void} [acknowledged] how long it took
 * @property {(id: string, error: Error) => void} [failed] of a message, a connection, a twin
 *
 * @typedef {object} SentMessage
 * @property {string} [name] of the message in the scene, if it is in the scene
 * @property {string} text the body
 * @property {Record<string, string>} properties
 * @property {string} contentType
 * @property {string} contentEncoding
 */

/**
 * What the devices of a fleet share.
 * @typedef {object} Surroundings
 * @property {import('./scheduler.js').Scheduler} scheduler
 * @property {import('./statistics.js').Statistics} statistics
 * @property {import('./trace.js').TraceLog} trace
 * @property {import('./sent-record.js').SentRecord} sentRecord
 * @property {() => void} changed called when there is something new to show
 * @property {boolean} keepsDetails whether the details of a device can be shown
 * @property {boolean | 'always'} [connectionRetry] as the client's
 * @property {() => unknown} [createStore] for devices that keep
 *   an outbox
 * @property {Observer} observer
 */

/** One simulated device: a client, its automatic behaviour, and what happened to it. */
export class Device {
  /** Whether there is something new in its details. */
  hasNews = true;
  #around;
  #identity;
  #client;
  #behaviour;
  #makeBehaviour;
  /** Set while the device is running. */
  #timeline;
  /** Set once the behaviour has taken the device offline. */
  #absence;
  /** 'stopped', 'starting' (waiting for its turn, too), 'running' or 'stopping' */
  #phase = 'stopped';
  #stopping;
  #sent = 0;
  #acknowledged = 0;
  #failed = 0;
  #pending = 0;
  #settled;
  #lastError;
  #twin;
  /** Set if the details of the device can be shown. */
  #details;
  #uploads;

  /**
   * @param {import('./identity.js').Identity} identity
   * @param {Surroundings} around
   * @param {string} [modelId] that it announces when it connects
   * @param {import('iothub-device-client').OutboxStore} [store] of its messages
   * @throws TypeError for an invalid identity
   */
  constructor(identity, around, modelId, store) {
    this.#identity = identity;
    this.#around = around;
    if (around.keepsDetails) this.#details = new DeviceDetails();
    this.#client = createClient(identity, {
      autoConnect: false,
      connectionRetry: around.connectionRetry,
      connectionRetryInterval: 1,
      connectionRetryMaxInterval: 30,
      ensureDesiredProperties: false,
      maxPendingMessages: MAX_PENDING,
      modelId,
      ...(store && { store }),
      ...(around.keepsDetails && { trace: (record) => around.trace.add(this.id, record) }),
    });
    this.id = idOf(identity);
    this.#twin = new DeviceTwin(this.#client, {
      changed: () => this.#noteTwin(),
      failed: (error) => this.#noteError(error),
    });
    this.#listen();
  }

  /**
   * Starts to follow a kind's behaviour, immediately if it is running. If it already follows this
   * one, nothing changes.
   * @param {string} kind
   * @param {ReturnType<import('./behaviour.js').readBehaviour>} makeBehaviour
   */
  behaveAs(kind, makeBehaviour) {
    this.kind = kind;
    this.#changed();
    if (makeBehaviour === this.#makeBehaviour) return;
    const before = templatesOf(this.#behaviour);
    this.#unschedule();
    // The previous behaviour took the device offline.
    this.#absence?.end();
    this.#makeBehaviour = makeBehaviour;
    this.#behaviour = makeBehaviour(this.id);
    if (templatesOf(this.#behaviour) !== before) this.#details?.forgetSent();
    this.#twin.behaviour = this.#behaviour;
    if (this.#phase === 'running') this.#schedule();
  }

  get state() {
    if (this.#phase === 'stopped') return 'stopped';
    if (this.#phase === 'starting') return 'connecting';
    if (this.#absence?.isOffline) return 'offline';
    const state = this.#client.connectionState;
    if (state !== 'disconnected') return state;
    return this.#phase === 'stopping' ? 'stopped' : 'failed';
  }

  /**
   * Marks the device as waiting for its turn to connect; returns `false` if it need not connect.
   */
  prepareToStart() {
    if (this.#phase === 'stopping' || !['stopped', 'failed'].includes(this.state)) return false;
    this.#phase = 'starting';
    this.#lastError = undefined;
    this.#changed();
    return true;
  }

  /** Connects, unless the device was stopped in the meantime. An error is shown in the page. */
  async start() {
    if (this.#phase !== 'starting') return;
    try {
      await this.#client.connect();
      if (this.#phase === 'starting') this.#begin();
    } catch (error) {
      if (this.#phase !== 'starting') return;
      this.#phase = 'running';
      this.#noteError(error);
    }
  }

  /**
   * Sends nothing more, waits a while for acknowledgements, and disconnects. The device cannot
   * start again before that is done; another call of `stop` waits, too.
   */
  async stop() {
    this.#unschedule();
    if (this.#phase === 'stopped') return;
    this.#stopping ??= this.#end();
    await this.#stopping;
  }

  /** Stops the device for good. */
  async shutdown() {
    await this.stop();
    await this.#client.shutdown();
  }

  /** Sends one of each message now, whatever the period. */
  async sendNow() {
    await Promise.all(this.#behaviour.messages.map((message) => this.#sendNext(message)));
  }

  /**
   * Sends a message that is not in its behaviour.
   * @param {SentMessage} message
   */
  send(message) {
    return this.#send(message, Date.now());
  }

  reportProperties(patch) {
    return this.#twin.report(patch);
  }

  getTwin() {
    return this.#twin.fetch();
  }

  /** See `Uploads.upload`. */
  upload(name, blob, onProgress) {
    this.#uploads ??= new Uploads(this.#client, {
      log: this.#details?.uploads,
      statistics: this.#around.statistics,
      changed: () => this.#changed(),
      succeeded: () => this.#forgetError(),
      explain: (error) => this.#explain(error, { isUpload: true }),
    });
    return this.#uploads.upload(name, blob, onProgress);
  }

  /** Cancels an upload by its number, if it is still running. */
  cancelUpload(number) {
    this.#uploads?.cancel(number);
  }

  /** Its row in the list. */
  row(now) {
    return {
      id: this.id,
      kind: this.kind,
      state: this.state,
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      failed: this.#failed,
      ratePerSecond: this.#details?.rate.perSecond(now),
      lastError: this.#lastError,
      last: this.#details?.last,
      waiting: this.#client.outbox?.count,
    };
  }

  details() {
    const { desired, reported, changedPaths } = this.#twin.copy;
    return {
      id: this.id,
      twin: { desired, reported },
      changedPaths,
      ...this.#details.copy(),
    };
  }

  #listen() {
    const client = this.#client;
    client.onConnectionStateChange = ({ connected }) => {
      if (connected) this.#lastError = undefined;
      if (connected) followDrain(client, (text) => this.#logOutbox(text));
      if (connected && this.#phase === 'running') this.#twin.catchUp();
      this.#changed();
    };
    client.onBackgroundException = (error) => {
      // Not every error ends the attempts to reconnect.
      if (this.state === 'failed') this.#unschedule();
      this.#noteError(error);
    };
    client.onMessageReceived = (message) => this.#keepMessage(message);
    client.onTwinDesiredPropertiesPatchReceived = (patch) => this.#twin.takeDesired(patch);
    client.onMethodRequestReceived = (request) => this.#answer(request);
  }

  #logOutbox(reason) {
    if (!this.#details) return;
    this.#around.trace.add(this.id, { time: new Date(), state: 'outbox', reason });
  }

  async #end() {
    this.#phase = 'stopping';
    try {
      await this.#absence?.cancel();
      if (this.#client.connected) await this.#allSettled();
      await this.#client.disconnect();
    } finally {
      this.#phase = 'stopped';
      this.#stopping = undefined;
      this.#changed();
    }
  }

  #begin() {
    this.#phase = 'running';
    this.#schedule();
    this.#twin.begin();
    this.#changed();
  }

  #schedule() {
    if (this.state === 'failed') return;
    this.#timeline = new Timeline(this.#behaviour, {
      moment: () => ({ now: Date.now(), desired: this.#twin.copy.desired }),
      send: (message) => this.#sendNext(message),
      report: (properties) => this.#reportByItself(properties),
      upload: (name, bytes) => this.#uploadByItself(name, bytes),
      goOffline: () => this.#goOffline(),
      goOnline: () => this.#absence.end(),
    });
    this.#around.scheduler.add(this, this.#timeline);
  }

  #unschedule() {
    this.#around.scheduler.remove(this);
    this.#timeline = undefined;
  }

  #goOffline() {
    this.#absence ??= new Absence(this.#client, {
      allSettled: () => this.#allSettled(),
      comeBack: () => this.#reconnect(),
    });
    this.#absence.begin();
    this.#changed();
  }

  #reconnect() {
    if (this.#phase !== 'running') return;
    this.#client.connect().catch((error) => {
      if (this.state === 'failed') this.#unschedule();
      this.#noteError(error);
    });
    this.#changed();
  }

  #reportByItself(properties) {
    this.#twin.report(properties).catch((error) => this.#noteError(error));
  }

  #uploadByItself(name, bytes) {
    this.upload(name, new Blob([new Uint8Array(bytes)])).catch((error) => this.#noteError(error));
  }

  #noteTwin() {
    this.#forgetError();
    const { scheduler } = this.#around;
    this.#timeline?.takeDesired(this.#twin.copy.desired, scheduler.elapsedMs(this));
    this.#changed();
  }

  #sendNext(behaviour) {
    const now = Date.now();
    const { body, ...message } = behaviour.next(now, this.#twin.copy.desired);
    const { name } = behaviour.settings;
    this.#details?.addSent(name, behaviour.placed(body), now);
    return this.#send({ name, ...message }, now);
  }

  /** @returns {Promise<void>} resolves when acknowledged; needs no `catch` if nothing awaits it */
  #send(sent, now) {
    const { name: _, text, properties, ...options } = sent;
    const message = new Message(text, options);
    Object.assign(message.customProperties, properties);
    this.#sent += 1;
    this.#pending += 1;
    const { sentRecord, statistics, observer } = this.#around;
    statistics.addSent();
    observer.sent?.(this.id, sent, now);
    const entry = sentRecord.add(this.id, sent, now);
    const called = performance.now();
    const sendIt = () => this.#client.sendMessage(message);
    const leaving = this.#absence?.leaving;
    const done = leaving ? leaving.then(sendIt) : sendIt();
    done.then(
      () => this.#noteAcknowledged(performance.now() - called, entry),
      (error) => this.#noteFailed(error, entry),
    );
    this.#counted();
    return done;
  }

  #noteAcknowledged(latency, entry) {
    this.#acknowledged += 1;
    this.#around.sentRecord.settle(entry, { status: 'acknowledged', milliseconds: latency });
    this.#forgetError();
    const now = Date.now();
    this.#details?.rate.add(now);
    this.#around.statistics.addAcknowledged(latency, now);
    this.#around.observer.acknowledged?.(this.id, latency);
    this.#noteSettled();
  }

  #noteFailed(error, entry) {
    // The message stays in the outbox.
    if (this.#client.outbox && error.name === 'OperationCancelled') return this.#noteSettled();
    this.#failed += 1;
    this.#around.sentRecord.settle(entry, { status: 'failed', error: error.message });
    this.#around.statistics.addFailed();
    this.#noteError(error);
    this.#noteSettled();
  }

  #noteSettled() {
    this.#pending -= 1;
    if (this.#pending === 0) this.#settled?.();
    this.#counted();
  }

  #allSettled() {
    if (this.#pending === 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_WAIT_MS);
      this.#settled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #keepMessage(message) {
    this.#details?.messages.add(receivedOf(message));
    this.#changed();
  }

  async #answer(request) {
    const { name, payload } = request;
    const { desired } = this.#twin.copy;
    const answered = answerTo(request, this.#behaviour, Date.now(), desired);
    const { delayMs, status, payload: answer, isTaken } = answered;
    const entry = { time: Date.now(), name, payload, delayMs };
    this.#details?.invocations.add(entry);
    this.#changed();
    const begun = performance.now();
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    Object.assign(entry, { status, answer, durationMs: performance.now() - begun });
    this.#changed();
    // The event may take the device offline, so the response is sent first.
    if (isTaken) setTimeout(() => this.#noteCall(name, payload));
    return MethodResponse.createFromMethodRequest(request, status, answer);
  }

  #noteCall(name, payload) {
    this.#timeline?.takeCall(name, payload, this.#around.scheduler.elapsedMs(this));
  }

  #explain(error, circumstances) {
    return explain(error, { isLocal: Boolean(this.#identity.endpoint), ...circumstances });
  }

  #noteError(error) {
    // Only `stop` cancels calls.
    if (error.name === 'OperationCancelled') return;
    this.#around.observer.failed?.(this.id, error);
    this.#lastError = this.#explain(error);
    this.#details?.errors.add({ time: Date.now(), ...this.#lastError });
    this.#changed();
  }

  /**
   * Earlier errors remain in the list of errors; once something works, they are no longer shown.
   */
  #forgetError() {
    if (this.#lastError) this.#changed();
    this.#lastError = undefined;
  }

  #changed() {
    this.hasNews = true;
    this.#around.changed();
  }

  /** Only counts have changed. */
  #counted() {
    this.hasNews = true;
    this.#around.counted();
  }
}

/** What a behaviour sends, for comparisons. */
const templatesOf = (behaviour) =>
  JSON.stringify(behaviour?.messages.map(({ settings }) => [settings.name, settings.template]));
