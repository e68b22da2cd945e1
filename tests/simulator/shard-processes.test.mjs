/** A fleet in three processes; `shard-processes.long.test.mjs` has eight. */
import { test } from 'node:test';

import { startHub } from 'iothub-local';

import { runShards } from './shard-processes.mjs';

test('shards have each device once, also when one is killed and started again', async (t) => {
  const hub = await startHub();
  t.after(() => hub.close());
  await runShards(t, { hub, shards: 3, devices: 6 });
});
