/** A time during which a device is offline on purpose. */
export class Absence {
  #client;
  #device;
  #isOffline = false;
  /** While it waits for acknowledgements and disconnects. */
  #leaving;

  /**
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {object} device
   * @param {() => Promise<void> | undefined} device.allSettled resolves when all messages have
   *   settled
   * @param {() => void} device.comeBack reconnects it, if it is still running
   */
  constructor(client, device) {
    this.#client = client;
    this.#device = device;
  }

  /** Whether it is offline, or about to be. */
  get isOffline() {
    return this.#isOffline || this.#leaving !== undefined;
  }

  /** Resolves when it is offline; `undefined` if it is not about to go offline. */
  get leaving() {
    return this.#leaving;
  }

  begin() {
    this.#isOffline = true;
    this.#leaving ??= this.#leave().finally(() => (this.#leaving = undefined));
  }

  /** Ends the absence, if there is one. The next one may begin before the device is offline. */
  end() {
    if (!this.#isOffline) return;
    this.#isOffline = false;
    const comeBack = () => !this.#isOffline && this.#device.comeBack();
    if (this.#leaving) this.#leaving.then(comeBack);
    else comeBack();
  }

  /** Ends the absence of a device that stops. */
  async cancel() {
    this.#isOffline = false;
    await this.#leaving;
  }

  async #leave() {
    await this.#device.allSettled();
    await this.#client.disconnect();
  }
}
