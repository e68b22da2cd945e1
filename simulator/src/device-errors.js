import { explain } from './hints.js';

/** What went wrong at one device: the last error, and those that the page lists. */
export class DeviceErrors {
  #id;
  #device;
  #last;

  /**
   * @param {string} id
   * @param {object} device
   * @param {boolean} device.isLocal whether its hub is a local one
   * @param {import('./log.js').Log} [device.log] of the errors that the page shows
   * @param {import('./device.js').Observer} device.observer
   * @param {() => void} device.changed called when there is something new to show
   */
  constructor(id, device) {
    this.#id = id;
    this.#device = device;
  }

  /** The last error; `undefined` once something works again. */
  get last() {
    return this.#last;
  }

  /** Something has failed. */
  note(error) {
    // Only `stop` cancels calls.
    if (error.name === 'OperationCancelled') return;
    const { log, observer, changed } = this.#device;
    observer.failed?.(this.#id, error);
    this.#last = this.explain(error);
    log?.add({ time: Date.now(), ...this.#last });
    changed();
  }

  /** Earlier errors stay in the list; once something works, the last one is no longer shown. */
  forget() {
    if (!this.#last) return;
    this.#last = undefined;
    this.#device.changed();
  }

  /** An error in words; see `explain`. */
  explain(error, circumstances) {
    return explain(error, { isLocal: this.#device.isLocal, ...circumstances });
  }
}
