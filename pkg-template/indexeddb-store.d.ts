/**
 * Keeps telemetry in IndexedDB, for pages, workers and service workers. If several of them, from
 * one origin, use the same device, only one connects.
 *
 * @module iothub-device-client/indexeddb-store
 */
import type { OutboxStore, StoreOptions } from './index.js';

/** Options of {@link indexedDbStore}. */
export interface IndexedDbStoreOptions extends StoreOptions {
  /**
   * `"relaxed"`: a message counts as stored when the operating system has it; it survives a crash
   * of the browser. `"strict"`: when it is on the disk, which takes far longer; it survives a power
   * failure.
   * Default `"relaxed"`.
   */
  durability?: 'strict' | 'relaxed' | undefined;
}

/**
 * Creates a store for the option `store` of one client.
 *
 * @throws TypeError, RangeError if an option is unknown, of the wrong type or out of range
 */
export function indexedDbStore(options?: IndexedDbStoreOptions): OutboxStore;
