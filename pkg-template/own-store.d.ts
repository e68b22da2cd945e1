/**
 * Keeps telemetry in a store that you write.
 *
 * @module iothub-device-client/own-store
 */
import type { MessageStore, OutboxStore, StoreOptions } from './index.js';

/**
 * Wraps your store for the option `store` of one client.
 *
 * @throws TypeError, RangeError if an option is unknown, of the wrong type or out of range; a
 *   TypeError if the store lacks one of the five methods
 */
export function ownStore(store: MessageStore, options?: StoreOptions): OutboxStore;
