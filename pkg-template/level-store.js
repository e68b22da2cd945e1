// The entry for Node.js, Deno and Bun.
import { fileURLToPath } from 'node:url';
import { Outbox } from './outbox.js';
import { outboxOptions } from './outbox-options.js';
import { LevelStore } from './store-level.node.js';

/**
 * @param {{ location: string | URL, durability?: 'strict' | 'relaxed' }} options and the options of
 * every store
 */
export function levelStore(options) {
  const { location, durability = 'strict' } = Object(options);
  if (!(typeof location === 'string' && location !== '') && !(location instanceof URL)) {
    throw new TypeError('levelStore needs the option location, the path of a folder');
  }
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError('durability must be "strict" or "relaxed"');
  }
  const checked = outboxOptions(options, 'location', 'durability');
  const folder = location instanceof URL ? fileURLToPath(location) : location;
  return new Outbox(new LevelStore(folder, durability === 'strict'), checked);
}
