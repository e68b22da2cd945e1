/** The file uploads of one device. */
export class Uploads {
  #client;
  #device;
  /** Number of an upload → what cancels it. */
  #running = new Map();
  #last = 0;

  /**
   * @param {import('iothub-device-client').IoTHubDeviceClient} client
   * @param {object} device
   * @param {import('./log.js').Log} [device.log] of the uploads that the page shows
   * @param {import('./statistics.js').Statistics} device.statistics
   * @param {() => void} device.changed called when there is something new to show
   * @param {() => void} device.succeeded
   * @param {(error: Error) => {message: string, hint: string}} device.explain
   */
  constructor(client, device) {
    this.#client = client;
    this.#device = device;
  }

  /**
   * Uploads a file, and logs its progress.
   * @param {string} name of the blob
   * @param {Blob} blob
   * @param {(progress: {sent: number, total: number}) => void} [onProgress]
   */
  async upload(name, blob, onProgress) {
    const { log, statistics, changed, succeeded, explain } = this.#device;
    const number = (this.#last += 1);
    const entry = { number, time: Date.now(), name, size: blob.size, sent: 0, state: 'uploading' };
    const controller = new AbortController();
    log?.add(entry);
    this.#running.set(number, controller);
    changed();
    try {
      const report = ({ loaded: sent, total }) => {
        entry.sent = sent;
        changed();
        onProgress?.({ sent, total });
      };
      const { signal } = controller;
      await this.#client.uploadFile(name, blob, { onProgress: report, signal });
      entry.state = 'done';
      succeeded();
      statistics.addUploaded();
    } catch (error) {
      statistics.addFailedUpload();
      if (controller.signal.aborted) {
        entry.state = 'cancelled';
      } else {
        const { message, hint } = explain(error);
        Object.assign(entry, { state: 'failed', error: `${message.replace(/\.$/, '')}. ${hint}` });
      }
      throw error;
    } finally {
      this.#running.delete(number);
      changed();
    }
  }

  /** Cancels an upload by its number, if it is still running. */
  cancel(number) {
    this.#running.get(number)?.abort();
  }
}
