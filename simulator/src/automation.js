import { MethodResponse } from 'iothub-device-client';

import { Absence } from './absence.js';
import { answerTo } from './method.js';
import { Timeline } from './timeline.js';

/** What one device does automatically, as the behaviour of its kind says. */
export class Automation {
  #client;
  #device;
  #behaviour;
  #makeBehaviour;
  /** Set while the device is running. */
  #timeline;
  /** Set once the behaviour has taken the device offline. */
  #absence;

  /**
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {object} device
   * @param {string} device.id
   * @param {import('./scheduler.js').Scheduler} device.scheduler
   * @param {import('./device-telemetry.js').DeviceTelemetry} device.telemetry
   * @param {import('./device-twin.js').DeviceTwin} device.twin
   * @param {import('./device-errors.js').DeviceErrors} device.errors
   * @param {import('./device-details.js').DeviceDetails} [device.details]
   * @param {() => boolean} device.isRunning whether it may act
   * @param {(name: string, blob: Blob) => Promise<void>} device.upload
   * @param {() => void} device.reconnect connects it after an absence, if it is still running
   * @param {() => void} device.changed called when there is something new to show
   */
  constructor(client, device) {
    this.#client = client;
    this.#device = device;
  }

  /**
   * Follows a behaviour, immediately if the device is running. If it already follows this one,
   * nothing changes.
   * @param {ReturnType<import('./behaviour.js').readBehaviour>} makeBehaviour
   */
  follow(makeBehaviour) {
    if (makeBehaviour === this.#makeBehaviour) return;
    const { id, twin, details } = this.#device;
    const before = templatesOf(this.#behaviour);
    this.end();
    // The previous behaviour took the device offline.
    this.#absence?.end();
    this.#makeBehaviour = makeBehaviour;
    this.#behaviour = makeBehaviour(id);
    if (templatesOf(this.#behaviour) !== before) details?.forgetSent();
    twin.behaviour = this.#behaviour;
    this.begin();
  }

  /** Begins, if the device is running. */
  begin() {
    if (!this.#device.isRunning()) return;
    const { scheduler, twin, upload, errors } = this.#device;
    const noteError = (error) => errors.note(error);
    this.#timeline = new Timeline(this.#behaviour, {
      moment: () => ({ now: Date.now(), desired: twin.copy.desired }),
      send: (message) => this.#sendNext(message),
      report: (properties) => twin.report(properties).catch(noteError),
      upload: (name, bytes) => upload(name, new Blob([new Uint8Array(bytes)])).catch(noteError),
      goOffline: () => this.#goOffline(),
      goOnline: () => this.#absence.end(),
    });
    scheduler.add(this, this.#timeline);
  }

  /** Does nothing more. */
  end() {
    this.#device.scheduler.remove(this);
    this.#timeline = undefined;
  }

  /** Sends one of each message now, whatever the period. */
  async sendNow() {
    await Promise.all(this.#behaviour.messages.map((message) => this.#sendNext(message)));
  }

  /** Whether the behaviour has taken the device offline, or is about to. */
  get isOffline() {
    return this.#absence?.isOffline ?? false;
  }

  /** Resolves when the device is offline; `undefined` if it is not about to go offline. */
  get leaving() {
    return this.#absence?.leaving;
  }

  /** Ends the absence of a device that stops. */
  async cancelAbsence() {
    await this.#absence?.cancel();
  }

  /** The copy of the desired properties has changed. */
  takeDesired() {
    const { scheduler, twin } = this.#device;
    this.#timeline?.takeDesired(twin.copy.desired, scheduler.elapsedMs(this));
  }

  /**
   * Responds to a method.
   * @param {import('iothub-device-client').MethodRequest} request
   */
  async answer(request) {
    const { twin, details, changed } = this.#device;
    const { name, payload } = request;
    const answered = answerTo(request, this.#behaviour, Date.now(), twin.copy.desired);
    const { delayMs, status, payload: answer, isTaken } = answered;
    const entry = { time: Date.now(), name, payload, delayMs };
    details?.invocations.add(entry);
    changed();
    const begun = performance.now();
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    Object.assign(entry, { status, answer, durationMs: performance.now() - begun });
    changed();
    // The event may take the device offline, so the response is sent first.
    if (isTaken) setTimeout(() => this.#noteCall(name, payload));
    return MethodResponse.createFromMethodRequest(request, status, answer);
  }

  #noteCall(name, payload) {
    this.#timeline?.takeCall(name, payload, this.#device.scheduler.elapsedMs(this));
  }

  #sendNext(message) {
    const { telemetry, twin, details } = this.#device;
    const now = Date.now();
    const { body, ...next } = message.next(now, twin.copy.desired);
    const { name } = message.settings;
    details?.addSent(name, message.placed(body), now);
    return telemetry.send({ name, ...next }, now, this.leaving);
  }

  #goOffline() {
    const { telemetry, reconnect, changed } = this.#device;
    this.#absence ??= new Absence(this.#client, {
      allSettled: () => telemetry.allSettled(),
      comeBack: reconnect,
    });
    this.#absence.begin();
    changed();
  }
}

/** What a behaviour sends, for comparisons. */
const templatesOf = (behaviour) =>
  JSON.stringify(behaviour?.messages.map(({ settings }) => [settings.name, settings.template]));
