import { randomUUID } from 'node:crypto';
import { HubError } from './errors.js';
import { EventLog } from './event-log.js';

const MAX_ACTIVE = 10;
const KEPT_NOTIFICATIONS = 1000;

/** The file uploads of one device: those in progress, and the notifications of their outcome. */
export class FileUploads {
  #records;
  #active = new Map();
  #notifications;

  /** @param {import('./store.js').Records} records */
  constructor(records) {
    this.#records = records;
    this.#notifications = new EventLog(KEPT_NOTIFICATIONS, { records, name: 'upload' });
  }

  /** Restores the saved uploads in progress. */
  restoreActive(active) {
    this.#active = active;
  }

  /** Restores a saved notification. */
  restore(notification) {
    this.#notifications.restore(notification);
  }

  /**
   * @param {{blobName: string, expires: number}} upload
   * @param {number} now milliseconds since 1970
   * @returns {string} its correlation id
   */
  begin(upload, now) {
    const active = [...this.#active.values()].filter(({ expires }) => expires > now);
    if (active.length >= MAX_ACTIVE) {
      throw new HubError(
        'DeviceMaximumActiveFileUploadLimitExceeded',
        `${MAX_ACTIVE} file uploads of the device are active.`,
      );
    }
    // The service's ids, too, probably contain characters that must be encoded in a path.
    const correlationId = Buffer.from(`${randomUUID()}_${upload.blobName}`).toString('base64');
    this.#active.set(correlationId, upload);
    this.#records.put('activeUploads', this.#active);
    return correlationId;
  }

  /**
   * @param {string} correlationId
   * @param {{isSuccess: boolean, statusCode: number | null, statusDescription: string | null}}
   *   outcome as the device reports it
   * @param {number} now milliseconds since 1970
   */
  end(correlationId, outcome, now) {
    const upload = this.#active.get(correlationId);
    if (!upload) {
      throw new HubError('InvalidFileUploadCorrelationId', 'There is no such file upload.');
    }
    this.#active.delete(correlationId);
    this.#records.put('activeUploads', this.#active);
    if (upload.expires <= now) {
      throw new HubError('ExpiredFileUploadCorrelationId', 'The file upload has expired.');
    }
    const { blobName } = upload;
    const enqueuedTime = new Date();
    this.#notifications.append({ correlationId, blobName, ...outcome, enqueuedTime });
  }

  /** The notifications, as `EventLog.read`. */
  read(query) {
    return this.#notifications.read(query);
  }
}
