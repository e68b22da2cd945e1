/** The parts of a report that `merge` needs, as `makeReport` creates them. */
import * as v from 'valibot';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

export const ShardReport = v.object({
  version: v.literal(1),
  title: v.string(),
  seed: whole,
  devices: whole,
  shard: v.object({ index: whole, count: v.pipe(whole, v.minValue(1)) }),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  durationMs: whole,
  wantedPerSecond: v.number(),
  totals: v.objectWithRest(
    { connected: whole, sent: whole, acknowledged: whole, lost: whole },
    whole,
  ),
  errors: v.record(v.string(), whole),
  histogram: v.string(),
});
