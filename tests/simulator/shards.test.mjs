/** A fleet in several processes: the devices of each, and the merged report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Measurements } from '../../simulator/cli/measurements.js';
import { checkReport, mergeReports } from '../../simulator/cli/merge.js';
import { makeReport } from '../../simulator/cli/report.js';
import { readShard } from '../../simulator/cli/shard.js';
import { planDevices, rateOf } from '../../simulator/src/plan.js';
import { behaviourOf, messageOf, sceneOf } from './scenes.mjs';

const telemetry = messageOf({ isOn: true, periodMs: 500 });
const scene = sceneOf({ a: behaviourOf({ telemetry }), b: behaviourOf() });
scene.kinds[0].count = 2;

test('shards have each device of the fleet once, as the whole fleet would have it', () => {
  const whole = planDevices(scene, { devices: 100, perSecond: 10 });
  const shards = Array.from({ length: 7 }, (_, index) =>
    planDevices(scene, { devices: 100, perSecond: 10, shard: { index, count: 7 } }),
  );
  const all = shards.flat().sort((one, other) => one.index - other.index);
  assert.deepEqual(all, whole);
  assert.equal(new Set(all.map(({ deviceId }) => deviceId)).size, 100);
  assert.deepEqual(whole[25], { index: 25, deviceId: 'sim-26', kind: 'a', startMs: 2500 });
  assert.equal(whole.filter(({ kind }) => kind === 'a').length, 67);
  assert.equal(rateOf(scene, whole), 134);
});

test('the rate of a fleet has the messages of events by time and at random', () => {
  const send = { type: 'send', message: 'telemetry', count: 30 };
  const events = [
    { type: 'time', everyMs: 10_000 },
    { type: 'random', meanMs: 60_000 },
    { type: 'time', afterMs: 10_000 },
    { type: 'condition', expression: 'true' },
  ].map((trigger, index) => ({ name: `${index}`, trigger, actions: [send] }));
  const bursting = sceneOf({ a: behaviourOf({ telemetry, events }) });
  assert.equal(rateOf(bursting, planDevices(bursting)), 2 + 3 + 0.5);
});

test('the index of the shard comes from the options or from the Job of Kubernetes', () => {
  const env = { JOB_COMPLETION_INDEX: '2' };
  assert.deepEqual(readShard({}, env), { index: 0, count: 1 });
  assert.deepEqual(readShard({ shards: '3' }, env), { index: 2, count: 3 });
  assert.deepEqual(readShard({ shards: '3', 'shard-index': '1' }, env), { index: 1, count: 3 });
  assert.throws(() => readShard({ shards: '3' }, {}), /needs --shard-index/);
  assert.throws(() => readShard({ shards: '2' }, env), /2 must be less than --shards 2/);
});

/** Reports of shards with these latencies, and of one process with all of them. */
function reportsOf(...latencies) {
  const reportOf = (values, shard) => {
    const measurements = new Measurements();
    for (const value of values) measurements.addLatency(value);
    measurements.addError(new TypeError('x'));
    const sent = values.length + 1;
    return checkReport(
      JSON.stringify(
        makeReport({
          scene,
          devices: 10,
          shard,
          wantedPerSecond: 5,
          startedAt: new Date(shard.index),
          durationMs: 1000 + shard.index,
          totals: { connected: 5, uploaded: 2, sent, acknowledged: values.length, lost: 1 },
          measurements,
        }),
      ),
      'report.json',
    );
  };
  const count = latencies.length;
  return {
    shards: latencies.map((values, index) => reportOf(values, { index, count })),
    whole: reportOf(latencies.flat(), { index: 0, count: 1 }),
  };
}

test('merged reports have the sums, and exactly the percentiles of one process', () => {
  const slow = Array.from({ length: 50 }, (_, index) => 100 + index * 7.3);
  const fast = Array.from({ length: 2000 }, (_, index) => 1 + index / 300);
  const { shards, whole } = reportsOf(fast, slow);
  const merged = mergeReports([shards[1], shards[0]]);
  assert.deepEqual(merged.latencyMs, mergeReports([whole]).latencyMs);
  assert.deepEqual(merged.totals, {
    connected: 10,
    uploaded: 4,
    sent: 2052,
    acknowledged: 2050,
    lost: 2,
  });
  assert.deepEqual(merged.errors, { TypeError: 2 });
  assert.equal(merged.wantedPerSecond, 10);
  assert.deepEqual([merged.startedAt, merged.durationMs], [new Date(0).toISOString(), 1001]);
  assert.ok(merged.latencyMs.p99 > 300 && merged.latencyMs.p50 < 10);
});

test('a shard that is missing, repeated or from another fleet is an error', () => {
  const { shards } = reportsOf([1], [2], [3]);
  assert.throws(() => mergeReports(shards.slice(0, 2)), /shard 2 of 3 has 0 reports/);
  assert.throws(() => mergeReports([...shards, shards[1]]), /shard 1 of 3 has 2 reports/);
  const other = { ...shards[2], seed: 8 };
  assert.throws(() => mergeReports([...shards.slice(0, 2), other]), /differ in scene, seed/);
});

test('a damaged report is named, with what is wrong in it', () => {
  const measurements = new Measurements();
  measurements.addLatency(5);
  const report = makeReport({
    scene,
    devices: 1,
    shard: { index: 0, count: 1 },
    wantedPerSecond: 1,
    startedAt: new Date(0),
    durationMs: 1000,
    totals: { connected: 1, sent: 1, acknowledged: 1, lost: 0 },
    measurements,
  });
  const text = JSON.stringify(report);
  assert.equal(checkReport(text, 'a.json').histogram.totalCount, 1);
  const without = (name) => JSON.stringify({ ...report, [name]: undefined });
  const wrong = [
    [text.slice(0, 100), /^a\.json is not a report of .*: it is not JSON, or incomplete$/],
    ['null', /: it is missing or invalid$/],
    [without('shard'), /: shard is missing or invalid$/],
    [JSON.stringify({ ...report, version: 2 }), /: version is missing or invalid$/],
    [
      JSON.stringify({ ...report, totals: { sent: 1 } }),
      /: totals\.connected is missing or invalid$/,
    ],
    [JSON.stringify({ ...report, histogram: 'AAAA' }), /: histogram is damaged$/],
    [
      JSON.stringify({ ...report, totals: { ...report.totals, acknowledged: 2 } }),
      /: histogram is/,
    ],
  ];
  for (const [damaged, expected] of wrong) {
    assert.throws(() => checkReport(damaged, 'a.json'), { message: expected });
  }
});
