import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Log, ValueHistory } from '../../simulator/src/log.js';
import { Rate, Statistics } from '../../simulator/src/statistics.js';

test('each second of the series has what was sent and acknowledged in it', () => {
  const statistics = new Statistics();
  statistics.closeSeconds(10_000);
  for (const latency of [30, 10, 20]) {
    statistics.addSent();
    statistics.addAcknowledged(latency, 10_500);
  }
  statistics.addSent();
  assert.equal(statistics.closeSeconds(10_900), false);
  assert.equal(statistics.closeSeconds(12_100), true);
  assert.deepEqual(statistics.series(), {
    time: [10, 11],
    sent: [4, 0],
    acknowledged: [3, 0],
    latencyP50: [20, null],
    latencyP99: [30, null],
  });
});

test('the series has the last five minutes, also after a long sleep', () => {
  const statistics = new Statistics();
  for (let second = 0; second < 1000; second += 1) statistics.closeSeconds(second * 1000);
  assert.equal(statistics.series().time.length, 300);
  assert.equal(statistics.series().time.at(-1), 998);
  statistics.closeSeconds(90_000_000);
  const { time } = statistics.series();
  assert.deepEqual([time.length, time[0], time.at(-1)], [300, 89_700, 89_999]);
});

test('percentiles are those of the second', () => {
  const statistics = new Statistics();
  statistics.closeSeconds(0);
  for (let latency = 100; latency >= 1; latency -= 1) statistics.addAcknowledged(latency, 0);
  statistics.closeSeconds(1000);
  const { latencyP50, latencyP99 } = statistics.series();
  assert.deepEqual([latencyP50, latencyP99], [[50], [99]]);
});

test('a rate is that of the last seconds, and falls to zero when nothing comes', () => {
  const rate = new Rate();
  assert.equal(rate.perSecond(0), 0);
  for (let now = 500_000; now < 520_000; now += 100) rate.add(now);
  assert.equal(rate.perSecond(520_050), 10);
  assert.equal(rate.perSecond(522_050), 6);
  assert.equal(rate.perSecond(540_000), 0);
});

test('a rate is right from the second second on', () => {
  const rate = new Rate();
  for (let now = 10_000; now < 12_000; now += 250) rate.add(now);
  assert.equal(rate.perSecond(12_000), 4);
});

test('the rate of few messages is steady, whatever their period', () => {
  for (const periodMs of [500, 2000, 60_000]) {
    const rate = new Rate();
    const shown = new Set();
    for (let now = 0, count = 0; now < 30 * periodMs; now += 250) {
      if (now >= count * periodMs + (count % 3) * 0.1 * periodMs) {
        rate.add(now);
        count += 1;
      }
      if (count > 16) shown.add((rate.perSecond(now) * periodMs) / 1000);
    }
    const [least, most] = [Math.min(...shown), Math.max(...shown)];
    assert.ok(least > 0.9 && most < 1.1, `${periodMs} ms: from ${least} to ${most} of the rate`);
  }
});

test('a long silence does not affect the rate of what follows', () => {
  const rate = new Rate();
  for (const from of [0, 3_600_000]) {
    for (let now = from; now < from + 10_000; now += 1000) rate.add(now);
    assert.equal(rate.perSecond(from + 9500), 1);
  }
});

test('a log keeps the newest', () => {
  const log = new Log(3);
  for (let number = 1; number <= 5; number += 1) log.add(number);
  assert.deepEqual(log.entries, [3, 4, 5]);
  assert.deepEqual(log.newestFirst, [5, 4, 3]);
});

test('the history of values has each number by its path, and is bounded', () => {
  const history = new ValueHistory();
  for (let time = 1; time <= 1000; time += 1) {
    history.add(time, { a: time, b: { c: [time * 2, 'text'] }, d: true });
  }
  assert.deepEqual(Object.keys(history.values), ['a', 'b.c.0']);
  const { time, value } = history.values['b.c.0'];
  assert.deepEqual([time.length, value.length], [240, 240]);
  assert.deepEqual([time.at(-1), value.at(-1)], [1000, 2000]);
  history.add(1, Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, at])));
  assert.equal(Object.keys(history.values).length, 8);
});
