// The entry point for stores that users write.
import { Outbox } from './outbox.js';
import { outboxOptions } from './outbox-options.js';
import { OwnStore } from './store-own.js';

const METHODS = ['open', 'append', 'read', 'remove', 'close'];

/**
 * @param {import('./outbox-types.js').MessageStore} store
 * @param {object} [options]
 */
export function ownStore(store, options) {
  const missing = METHODS.filter((name) => typeof Object(store)[name] !== 'function');
  if (missing.length > 0) {
    throw new TypeError(
      `ownStore takes an object with the methods ${METHODS.join(', ')}; ` +
        `this one lacks ${missing.join(', ')}`,
    );
  }
  return new Outbox(new OwnStore(store), outboxOptions(options));
}
