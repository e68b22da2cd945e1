/** Which part of a fleet this process is. */
import { UsageError, wholeNumber } from './usage.js';

export const SHARD_OPTIONS = { shards: { type: 'string' }, 'shard-index': { type: 'string' } };

/**
 * Reads `--shards` and `--shard-index`; an Indexed Job of Kubernetes sets the index in a variable.
 * @returns {{index: number, count: number}}
 */
export function readShard(values, env = process.env) {
  const count = wholeNumber('--shards', values.shards, 1) ?? 1;
  const text = values['shard-index'] ?? (count > 1 ? env.JOB_COMPLETION_INDEX : undefined);
  const index = wholeNumber('--shard-index', text);
  if (index === undefined && count > 1) {
    throw new UsageError(`--shards ${count} needs --shard-index, or JOB_COMPLETION_INDEX`);
  }
  if (index >= count)
    throw new UsageError(`--shard-index ${index} must be less than --shards ${count}`);
  return { index: index ?? 0, count };
}
