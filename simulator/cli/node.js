/** `iothub-simulator/node`: the parts of the command that load engines use. */
export { openIdentities } from './identities.js';
export { readScene } from './scene-file.js';
export { readShard } from './shard.js';
export { duration } from './usage.js';
