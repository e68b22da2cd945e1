/** A device that goes offline by itself, and comes back. */
export class Absence {
  #client;
  #device;
  #isOffline = false;
  /** While it waits for acknowledgements and disconnects. */
  #leaving;

  /**
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {object} device
   * @param {() => Promise<void> | undefined} device.allSettled resolves when nothing is on its way
   * @param {() => void} device.comeBack connects it again, if it still runs
   */
  constructor(client, device) {
    this.#client = client;
    this.#device = device;
  }

  /** Whether it is offline, or about to be. */
  get isOffline() {
    return this.#isOffline || this.#leaving !== undefined;
  }

  /** Resolves when it has left; `undefined` where it is not leaving. */
  get leaving() {
    return this.#leaving;
  }

  begin() {
    this.#isOffline = true;
    this.#leaving ??= this.#leave().finally(() => (this.#leaving = undefined));
  }

  /** Ends it, where it is offline; it may begin again before it has left. */
  end() {
    if (!this.#isOffline) return;
    this.#isOffline = false;
    const comeBack = () => !this.#isOffline && this.#device.comeBack();
    if (this.#leaving) this.#leaving.then(comeBack);
    else comeBack();
  }

  /** Ends it for a device that stops. */
  async cancel() {
    this.#isOffline = false;
    await this.#leaving;
  }

  async #leave() {
    await this.#device.allSettled();
    await this.#client.disconnect();
  }
}
