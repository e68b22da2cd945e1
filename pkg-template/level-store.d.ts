/**
 * Keeps telemetry in files, for Node.js, Deno and Bun. Needs `npm install classic-level`.
 *
 * @module iothub-device-client/level-store
 */
import type { OutboxStore, StoreOptions } from './index.js';

/** What {@link levelStore} takes. */
export interface LevelStoreOptions extends StoreOptions {
  /**
   * A folder, which is made if it is not there, for the owner alone. Devices may share it: each has a
   * folder of its own in it, which one process at a time can use.
   */
  location: string | URL;
  /**
   * `"strict"`: a message counts as stored when it is on the disk, and outlives a loss of the power.
   * `"relaxed"`: when the operating system has it; it outlives the process. Default `"strict"`.
   */
  durability?: 'strict' | 'relaxed' | undefined;
}

/**
 * Makes a store for the option `store` of one client.
 *
 * @throws TypeError, RangeError for an option that is unknown, of a wrong type or out of its range
 */
export function levelStore(options: LevelStoreOptions): OutboxStore;
