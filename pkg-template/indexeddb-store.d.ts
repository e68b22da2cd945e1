/**
 * Keeps telemetry in IndexedDB, for pages, workers and service workers. Of those of one origin that
 * use the same device, one connects.
 *
 * @module iothub-device-client/indexeddb-store
 */
import type { OutboxStore, StoreOptions } from './index.js';

/** What {@link indexedDbStore} takes. */
export interface IndexedDbStoreOptions extends StoreOptions {
  /**
   * `"relaxed"`: a message counts as stored when the operating system has it; it outlives the browser.
   * `"strict"`: when it is on the disk, which takes far longer; it outlives a loss of the power.
   * Default `"relaxed"`.
   */
  durability?: 'strict' | 'relaxed' | undefined;
}

/**
 * Makes a store for the option `store` of one client.
 *
 * @throws TypeError, RangeError for an option that is unknown, of a wrong type or out of its range
 */
export function indexedDbStore(options?: IndexedDbStoreOptions): OutboxStore;
