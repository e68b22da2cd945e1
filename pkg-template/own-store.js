// The entry point for stores that users write.
import { mustBe } from './arguments.js';
import { Outbox } from './outbox.js';
import { outboxOptions } from './outbox-options.js';
import { OwnStore } from './store-own.js';

/**
 * @param {import('./outbox-types.js').MessageStore} store
 * @param {object} [options]
 */
export function ownStore(store, options) {
  const { open, append, read, remove, close } = Object(store);
  mustBe('function', { open, append, read, remove, close });
  return new Outbox(new OwnStore(store), outboxOptions(options));
}
