import { EventLog } from './event-log.js';

const KEPT = 1000;

/**
 * `sequence` is the number of the connection.
 * @typedef {{sequence: number, url: string, protocol: string, secure: boolean,
 *            clientCertificate: boolean, accepted: boolean, closedBecause: string | null}}
 *   ConnectionEntry
 */

/** The connections whose CONNECT named one identity, accepted or refused. */
export class ConnectionLog {
  /** @type {EventLog<ConnectionEntry>} */
  #log = new EventLog(KEPT);

  /**
   * @param {import('./connection.js').Transport} transport
   * @returns {ConnectionEntry} the caller keeps it up to date
   */
  open({ url, protocol, secure, clientCertificate }) {
    const entry = {
      sequence: 0,
      url,
      protocol,
      secure,
      clientCertificate: clientCertificate !== undefined,
      accepted: false,
      closedBecause: null,
    };
    this.#log.append(entry);
    return entry;
  }

  /** As `EventLog.read`. */
  async read(query) {
    const entries = await this.#log.read(query);
    return entries.map(({ sequence, ...rest }) => ({ connection: sequence, ...rest }));
  }
}
