import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../src/budget.js';
import { EventLog } from '../src/event-log.js';

function logOf(capacity, entries) {
  const log = new EventLog(capacity);
  for (let n = 1; n <= entries; n++) log.append({ n });
  return log;
}

const numbers = (entries) => entries.map(({ sequence }) => sequence);

test('an event log keeps the newest entries and their numbers', async () => {
  const log = logOf(3, 8);
  assert.deepEqual(await log.read({}), [6, 7, 8].map((n) => ({ n, sequence: n })));
  assert.deepEqual(numbers(await log.read({ after: 2 })), [6, 7, 8]);
  assert.deepEqual(numbers(await log.read({ after: 7 })), [8]);
  assert.deepEqual(numbers(await log.read({ after: 8 })), []);
});

test('logs with one budget lose the oldest entry of any', async () => {
  const budget = new Budget(4);
  const [first, second] = [new EventLog(3, { budget }), new EventLog(3, { budget })];
  for (const log of [first, first, second, first, first, second, second]) log.append({});
  assert.deepEqual(numbers(await first.read({})), [3, 4]);
  assert.deepEqual(numbers(await second.read({})), [2, 3]);
});

test('a reader waits for entries that match, after a number that may lie ahead', async () => {
  const log = logOf(10, 1);
  const reading = log.read({ after: 2, count: 2, timeout: 60, matches: ({ n }) => n % 2 === 1 });
  for (let n = 2; n <= 7; n++) log.append({ n });
  assert.deepEqual(numbers(await reading), [3, 5, 7]);
});

test('a reader counts entries that are gone before it reads them', async () => {
  const log = logOf(2, 0);
  const reading = log.read({ count: 4, timeout: 60 });
  for (let n = 1; n <= 4; n++) log.append({ n });
  assert.deepEqual(numbers(await reading), [3, 4]);
});

test('a reader that is told to stop gets what there is', async () => {
  const log = logOf(10, 1);
  const controller = new AbortController();
  const reading = log.read({ count: 2, timeout: 60, signal: controller.signal });
  controller.abort();
  assert.deepEqual(numbers(await reading), [1]);
});
