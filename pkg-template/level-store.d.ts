/**
 * Keeps telemetry in files, for Node.js, Deno and Bun. Needs `npm install classic-level`.
 *
 * @module iothub-device-client/level-store
 */
import type { OutboxStore, StoreOptions } from './index.js';

/** Options of {@link levelStore}. */
export interface LevelStoreOptions extends StoreOptions {
  /**
   * A folder. If it does not exist, it is created, readable by its owner only. Devices can share
   * it: each has a subfolder, which only one process at a time can use.
   */
  location: string | URL;
  /**
   * `"strict"`: a message counts as stored when it is on the disk, and survives a power failure.
   * `"relaxed"`: when the operating system has it; it survives the end of the process. Default
   * `"strict"`.
   */
  durability?: 'strict' | 'relaxed' | undefined;
}

/**
 * Creates a store for the option `store` of one client.
 *
 * @throws TypeError, RangeError if an option is unknown, of the wrong type or out of range
 */
export function levelStore(options: LevelStoreOptions): OutboxStore;
