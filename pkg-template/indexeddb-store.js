// The entry for pages, workers and service workers.
import { Outbox } from './outbox.js';
import { outboxOptions } from './outbox-options.js';
import { IndexedDbStore } from './store-indexeddb.browser.js';

/** @param {{ durability?: 'strict' | 'relaxed' }} [options] and the options of every store */
export function indexedDbStore(options) {
  const { durability = 'relaxed' } = Object(options);
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError('durability must be "strict" or "relaxed"');
  }
  return new Outbox(new IndexedDbStore(durability), outboxOptions(options, 'durability'));
}
