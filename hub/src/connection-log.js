import { EventLog } from './event-log.js';

const KEPT = 1000;

/** The connections whose CONNECT named one identity, let in or not. */
export class ConnectionLog {
  #log = new EventLog(KEPT);

  /**
   * @param {import('./connection.js').Transport} transport
   * @returns {{sequence: number, accepted: boolean, closedBecause: string | null}} its entry, to be
   *   kept up to date; `sequence` is the number of the connection
   */
  open({ url, protocol, secure, clientCertificate }) {
    const entry = {
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
