import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scheduler } from '../../simulator/src/scheduler.js';

/** A timeline on which one thing happens repeatedly. */
const periodic = (periodMs, run) => ({
  dueMs: 0,
  next() {
    this.dueMs += periodMs;
    run();
  },
});

/** A scheduler whose time passes when the test says so. */
function createScheduler(t) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const scheduler = new Scheduler(() => now);
  const pass = (milliseconds) => {
    for (const end = now + milliseconds; now < end;) {
      now += 10;
      t.mock.timers.tick(10);
    }
  };
  /** The timer is late: the machine is busy, or has slept. */
  const sleep = (milliseconds) => (now += milliseconds);
  const times = [];
  const add = (periodMs = 100) =>
    scheduler.add(
      times,
      periodic(periodMs, () => times.push(now)),
    );
  return { scheduler, pass, sleep, add, times };
}

test('the pace is kept, however the period and the tick meet', (t) => {
  for (const periodMs of [10, 33, 100, 1000, 1234]) {
    const { pass, add, times } = createScheduler(t);
    add(periodMs);
    pass(60_000);
    assert.ok(Math.abs(times.length - 60_000 / periodMs) <= 2, `${periodMs}: ${times.length}`);
    t.mock.timers.reset();
  }
});

test('messages that were due while the timer was late are sent', (t) => {
  const { pass, sleep, add, times } = createScheduler(t);
  add();
  pass(1000);
  sleep(3000);
  pass(1000);
  assert.ok(Math.abs(times.length - 50) <= 1, `${times.length}`);
});

test('a machine that slept for long sends no backlog, and continues at its pace', (t) => {
  const { pass, sleep, add, times } = createScheduler(t);
  add();
  pass(1000);
  const before = times.length;
  sleep(3_600_000);
  pass(1000);
  assert.ok(times.length - before <= 12, `${times.length - before}`);
  assert.ok(times.length - before >= 9, `${times.length - before}`);
});

test('a removed timeline is not called again, even if it removes itself', (t) => {
  const { scheduler, pass, sleep, times } = createScheduler(t);
  const run = () => {
    times.push(0);
    scheduler.remove(times);
  };
  scheduler.add(times, periodic(10, run));
  sleep(5000);
  pass(1000);
  assert.equal(times.length, 1);
});

test('a timeline knows how long ago it began', (t) => {
  const { scheduler, pass, sleep, add, times } = createScheduler(t);
  pass(1000);
  add();
  pass(500);
  assert.equal(scheduler.elapsedMs(times), 500);
  sleep(3_600_000);
  pass(100);
  assert.ok(scheduler.elapsedMs(times) < 1000, 'what was slept does not count');
});

test('a new plan replaces the old one', (t) => {
  const { pass, add, times } = createScheduler(t);
  add(10);
  pass(20);
  times.length = 0;
  add(1000);
  pass(10_000);
  assert.ok(times.length >= 10 && times.length <= 11, `${times.length}`);
});
