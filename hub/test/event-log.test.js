import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../src/budget.js';
import { EventLog } from '../src/event-log.js';
import { PacketLog } from '../src/packet-log.js';
import { Telemetry } from '../src/telemetry.js';

function logOf(capacity, entries) {
  const log = new EventLog(capacity);
  for (let n = 1; n <= entries; n++) log.append({ n });
  return log;
}

const numbers = (entries) => entries.map(({ sequence }) => sequence);

test('an event log keeps the newest entries and their numbers', async () => {
  const log = logOf(3, 8);
  assert.deepEqual(
    await log.read({}),
    [6, 7, 8].map((n) => ({ n, sequence: n })),
  );
  assert.deepEqual(numbers(await log.read({ after: 2 })), [6, 7, 8]);
  assert.deepEqual(numbers(await log.read({ after: 7 })), [8]);
  assert.deepEqual(numbers(await log.read({ after: 8 })), []);
});

test('logs with one budget lose the oldest entry of any', async () => {
  const budget = new Budget(4, Infinity);
  const [first, second] = [new EventLog(3, { budget }), new EventLog(3, { budget })];
  for (const log of [first, first, second, first, first, second, second]) log.append({});
  assert.deepEqual(numbers(await first.read({})), [3, 4]);
  assert.deepEqual(numbers(await second.read({})), [2, 3]);
});

test('logs with one budget lose the oldest entries when all of them are too large', async () => {
  const budget = new Budget(5, 100);
  const [first, second] = [new EventLog(5, { budget }), new EventLog(5, { budget })];
  for (const [log, size] of [
    [first, 40],
    [second, 30],
    [first, 30],
    [second, 60],
  ]) {
    log.append({}, size);
  }
  assert.deepEqual(numbers(await first.read({})), [2]);
  assert.deepEqual(numbers(await second.read({})), [2]);
  second.append({}, 101);
  for (const log of [first, second]) assert.deepEqual(numbers(await log.read({})), []);
  for (let n = 0; n < 6; n++) first.append({}, 0);
  assert.deepEqual(numbers(await first.read({})), [4, 5, 6, 7, 8]);
});

test('telemetry and packets count by their bytes', async () => {
  const telemetry = new Telemetry({ put() {}, delete() {} }, new Budget(10, 100));
  const packets = new PacketLog(new Budget(10, 100));
  for (let n = 0; n < 2; n++) {
    const payload = Buffer.alloc(60);
    telemetry.accept({ payload, systemProperties: {}, properties: {} });
    packets.record({ cmd: 'publish', topic: 't', payload }, 1, 'out', n);
  }
  assert.deepEqual(numbers(await telemetry.read({})), [2]);
  assert.deepEqual(numbers(await packets.read({})), [2]);
});

test('a reader waits for entries that match, after a number that may lie ahead', async () => {
  const log = logOf(10, 1);
  const reading = log.read({ after: 2, count: 2, timeout: 60, matches: ({ n }) => n % 2 === 1 });
  for (let n = 2; n <= 7; n++) log.append({ n });
  assert.deepEqual(numbers(await reading), [3, 5, 7]);
});

test('a reader whose condition throws gets the error, and the writer does not', async () => {
  const log = logOf(10, 0);
  const problem = new SyntaxError('not JSON');
  const fail = () => {
    throw problem;
  };
  const reading = log.read({ timeout: 60, matches: fail });
  const isProblem = (error) => error === problem;
  const rejected = assert.rejects(reading, isProblem);
  log.append({ n: 1 });
  await rejected;
  await assert.rejects(log.read({ timeout: 60, matches: fail }), isProblem);
  log.append({ n: 2 });
});

test('a reader counts entries that are gone before it reads them', async () => {
  const log = logOf(2, 0);
  const reading = log.read({ count: 4, timeout: 60 });
  for (let n = 1; n <= 4; n++) log.append({ n });
  assert.deepEqual(numbers(await reading), [3, 4]);
});

test('a reader that is stopped gets the existing entries', async () => {
  const log = logOf(10, 1);
  const controller = new AbortController();
  const reading = log.read({ count: 2, timeout: 60, signal: controller.signal });
  controller.abort();
  assert.deepEqual(numbers(await reading), [1]);
});
