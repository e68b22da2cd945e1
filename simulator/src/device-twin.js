import { missingIn, TwinCopy, withoutVersion } from './twin.js';
import { acknowledgements, initialValues } from './writable.js';

/** Keeps a copy of one device's twin, and reports what its behaviour says. */
export class DeviceTwin {
  copy = new TwinCopy();
  /** The behaviour of the device; see `readBehaviour`. */
  behaviour;
  #client;
  #told;
  #hasReported = false;
  #lastWork = Promise.resolve();

  /**
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {{changed: () => void, failed: (error: Error) => void}} told called after its automatic
   *   actions
   */
  constructor(client, told) {
    this.#client = client;
    this.#told = told;
  }

  /** The device has started; at the hub, it may be a different one than before. */
  begin() {
    this.copy = new TwinCopy();
    this.#hasReported = false;
    this.catchUp();
  }

  /** Fetches the twin, which may have changed at the hub while there was no connection. */
  catchUp() {
    this.#byItself(async () => {
      await this.#fetch();
      if (!this.#hasReported) {
        await this.#reportMissing(this.#reportedAtStart());
        this.#hasReported = true;
      }
      await this.#follow(this.copy.desired);
    });
  }

  /** A patch of the desired properties has arrived. */
  takeDesired(patch) {
    if (!this.copy.mergeDesired(patch)) return this.catchUp();
    this.#told.changed();
    this.#byItself(() => this.#follow(patch));
  }

  /** Reports properties, after earlier ones were accepted. */
  report(patch) {
    return this.#inTurn(() => this.#report(patch));
  }

  /** Fetches the twin, stores it and returns it. */
  fetch() {
    return this.#inTurn(() => this.#fetch());
  }

  #byItself(work) {
    this.#inTurn(work).catch(this.#told.failed);
  }

  /** Runs work one after the other, because a patch depends on what was reported before. */
  #inTurn(work) {
    const done = this.#lastWork.then(work);
    this.#lastWork = done.catch(() => {});
    return done;
  }

  async #fetch() {
    const twin = await this.#client.getTwin();
    this.copy.replace(twin);
    this.#told.changed();
    return twin;
  }

  async #report(patch) {
    await this.#client.patchTwinReportedProperties(patch);
    this.copy.mergeReported(patch);
    this.#told.changed();
  }

  #reportedAtStart() {
    const { desired, reported } = this.copy;
    const atStart = this.behaviour.reportedAtStart(Date.now(), desired);
    return initialValues(atStart, this.behaviour.writable, { desired, reported });
  }

  /** Reported properties follow desired ones, including deletions, but never the version. */
  async #follow(desired) {
    const { writable, followsDesired } = this.behaviour;
    if (followsDesired) await this.#reportMissing(withoutVersion(desired));
    const patch = acknowledgements(desired, writable, this.copy);
    if (patch) await this.#report(patch);
  }

  async #reportMissing(wanted) {
    const patch = missingIn(this.copy.reported, wanted);
    if (patch) await this.#report(patch);
  }
}
