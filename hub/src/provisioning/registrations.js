import { randomUUID } from 'node:crypto';
import { timestamp } from '../twin.js';

const SCOPE = 'registrations/';

/**
 * What the service stores about a registration, in the format of its responses.
 * @typedef {{registrationId: string, status: string, substatus?: string,
 *            createdDateTimeUtc?: string, lastUpdatedDateTimeUtc?: string, assignedHub?: string,
 *            deviceId?: string, errorCode?: number, errorMessage?: string, etag?: string,
 *            payload?: object, issuedCertificateChain?: string[], symmetricKey?: {enrollmentGroupId?: string},
 *            x509?: {enrollmentGroupId?: string}}} RegistrationState
 */

/** @typedef {RegistrationState & {etag: string}} Registration one that assigned a hub */

/** The registrations that assigned a hub. */
export class Registrations {
  #records;
  /** @type {Map<string, Registration>} */
  #states = new Map();

  /** @param {import('../store.js').Records} records */
  constructor(records) {
    this.#records = records;
  }

  /** @param {import('../server.js').Hub['store']} store */
  static async open(store) {
    const registrations = new Registrations(store.scope(SCOPE));
    for await (const [key, state] of store.entries(SCOPE)) registrations.#states.set(key, state);
    return registrations;
  }

  get all() {
    return [...this.#states.values()];
  }

  /** @returns {Registration | undefined} */
  find(registrationId) {
    return this.#states.get(keyOf(registrationId));
  }

  /**
   * Replaces the previous state, with new times and a new etag.
   * @param {RegistrationState} state
   * @returns {Registration}
   */
  put(state) {
    const now = timestamp();
    const etag = newEtag();
    const stamped = { createdDateTimeUtc: now, lastUpdatedDateTimeUtc: now, etag, ...state };
    const key = keyOf(state.registrationId);
    this.#states.set(key, stamped);
    this.#records.put(key, stamped);
    return stamped;
  }

  clear() {
    for (const { registrationId } of this.all) this.delete(registrationId);
  }

  delete(registrationId) {
    const key = keyOf(registrationId);
    this.#states.delete(key);
    this.#records.delete(key);
  }
}

/** Registration ids are case-insensitive. */
export const keyOf = (registrationId) => registrationId.toLowerCase();

/** The service's etags are a quoted GUID, as base64. */
export const newEtag = () => Buffer.from(`"${randomUUID()}"`).toString('base64');
