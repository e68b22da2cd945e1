/** `iothub-simulator/node`: what load engines share with the command. */
export { openIdentities } from './identities.js';
export { readScene } from './scene-file.js';
export { readShard } from './shard.js';
export { duration } from './usage.js';
