/**
 * Keeps telemetry in a store that you write.
 *
 * @module iothub-device-client/own-store
 */
import type { MessageStore, OutboxStore, StoreOptions } from './index.js';

/**
 * Makes of your store one for the option `store` of one client.
 *
 * @throws TypeError, RangeError for an option that is unknown, of a wrong type or out of its range; a
 * TypeError for a store that lacks one of the five methods
 */
export function ownStore(store: MessageStore, options?: StoreOptions): OutboxStore;
