import { Automation } from './automation.js';
import { DeviceDetails } from './device-details.js';
import { DeviceErrors } from './device-errors.js';
import { DeviceTelemetry } from './device-telemetry.js';
import { DeviceTwin } from './device-twin.js';
import { createClient, idOf } from './identity.js';
import { followDrain } from './outbox.js';
import { receivedOf } from './received.js';
import { Uploads } from './uploads.js';

/** Messages wait for their acknowledgement; if more than this are waiting, further ones fail. */
const MAX_PENDING = 1_000;

/**
 * Notified of what devices do.
 * @typedef {object} Observer
 * @property {(id: string, message: import('./device-telemetry.js').SentMessage, now: number)
 *   => void} [sent]
 * @property {(id: string, milliseconds: number) => void} [acknowledged] how long it took
 * @property {(id: string, error: Error) => void} [failed] of a message, a connection, a twin
 */

/**
 * What the devices of a fleet share.
 * @typedef {object} Surroundings
 * @property {import('./scheduler.js').Scheduler} scheduler
 * @property {import('./statistics.js').Statistics} statistics
 * @property {import('./trace.js').TraceLog} trace
 * @property {import('./sent-record.js').SentRecord} sentRecord
 * @property {() => void} changed called when there is something new to show
 * @property {() => void} counted called when only counts have changed
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
  #client;
  /** 'stopped', 'starting' (waiting for its turn, too), 'running' or 'stopping' */
  #phase = 'stopped';
  #stopping;
  #errors;
  #telemetry;
  #twin;
  #automation;
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
    this.#createParts(Boolean(identity.endpoint));
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
    this.#automation.follow(makeBehaviour);
  }

  get state() {
    if (this.#phase === 'stopped') return 'stopped';
    if (this.#phase === 'starting') return 'connecting';
    if (this.#automation.isOffline) return 'offline';
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
    this.#errors.forget();
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
      this.#errors.note(error);
    }
  }

  /**
   * Sends nothing more, waits a while for acknowledgements, and disconnects. The device cannot
   * start again before that is done; another call of `stop` waits, too.
   */
  async stop() {
    this.#automation.end();
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
  sendNow() {
    return this.#automation.sendNow();
  }

  /**
   * Sends a message that is not in its behaviour.
   * @param {import('./device-telemetry.js').SentMessage} message
   */
  send(message) {
    return this.#telemetry.send(message, Date.now(), this.#automation.leaving);
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
      succeeded: () => this.#errors.forget(),
      explain: (error) => this.#errors.explain(error, { isUpload: true }),
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
      ...this.#telemetry.counts,
      ratePerSecond: this.#details?.rate.perSecond(now),
      lastError: this.#errors.last,
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

  #createParts(isLocal) {
    const { id } = this;
    const around = this.#around;
    const client = this.#client;
    const details = this.#details;
    const changed = () => this.#changed();
    const log = details?.errors;
    this.#errors = new DeviceErrors(id, { isLocal, log, observer: around.observer, changed });
    this.#twin = new DeviceTwin(client, {
      changed: () => this.#noteTwin(),
      failed: (error) => this.#errors.note(error),
    });
    this.#telemetry = new DeviceTelemetry(id, client, {
      around,
      errors: this.#errors,
      rate: details?.rate,
      counted: () => this.#counted(),
    });
    this.#automation = new Automation(client, {
      id,
      scheduler: around.scheduler,
      telemetry: this.#telemetry,
      twin: this.#twin,
      errors: this.#errors,
      details,
      isRunning: () => this.#phase === 'running' && this.state !== 'failed',
      upload: (name, blob) => this.upload(name, blob),
      reconnect: () => this.#reconnect(),
      changed,
    });
  }

  #listen() {
    const client = this.#client;
    client.onConnectionStateChange = ({ connected }) => {
      if (connected) this.#errors.forget();
      if (connected) followDrain(client, (text) => this.#logOutbox(text));
      if (connected && this.#phase === 'running') this.#twin.catchUp();
      this.#changed();
    };
    client.onBackgroundException = (error) => this.#noteLoss(error);
    client.onMessageReceived = (message) => this.#keepMessage(message);
    client.onTwinDesiredPropertiesPatchReceived = (patch) => this.#twin.takeDesired(patch);
    client.onMethodRequestReceived = (request) => this.#automation.answer(request);
  }

  #logOutbox(reason) {
    if (!this.#details) return;
    this.#around.trace.add(this.id, { time: new Date(), state: 'outbox', reason });
  }

  #begin() {
    this.#phase = 'running';
    this.#automation.begin();
    this.#twin.begin();
    this.#changed();
  }

  async #end() {
    this.#phase = 'stopping';
    try {
      await this.#automation.cancelAbsence();
      if (this.#client.connected) await this.#telemetry.allSettled();
      await this.#client.disconnect();
    } finally {
      this.#phase = 'stopped';
      this.#stopping = undefined;
      this.#changed();
    }
  }

  #reconnect() {
    if (this.#phase !== 'running') return;
    this.#client.connect().catch((error) => this.#noteLoss(error));
    this.#changed();
  }

  #noteLoss(error) {
    // Not every error ends the attempts to reconnect.
    if (this.state === 'failed') this.#automation.end();
    this.#errors.note(error);
  }

  #noteTwin() {
    this.#errors.forget();
    this.#automation.takeDesired();
    this.#changed();
  }

  #keepMessage(message) {
    this.#details?.messages.add(receivedOf(message));
    this.#changed();
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
