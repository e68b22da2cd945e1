import assert from 'node:assert/strict';
import { test } from 'node:test';

import { History } from '../../simulator/src/history.js';

const sequences = (entries) => entries.map(({ sequence }) => sequence);

/** A history of devices `a` and `b`, each with a share of this many bytes. */
function createHistory(share) {
  const history = new History(2 * share);
  history.addDevice('a');
  history.addDevice('b');
  return history;
}

test('devices share the memory in equal parts, and the oldest entries go first', () => {
  const history = createHistory(10_000);
  const quiet = history.add('b', { time: 1 }, 100);
  for (let number = 0; number < 1000; number += 1) history.add('a', { time: number }, 600);
  assert.deepEqual(history.entries(new Set(['b'])), [quiet]);
  const newest = Array.from({ length: 10 }, (_, index) => 992 + index);
  assert.deepEqual(sequences(history.entries(new Set(['a']))), newest);
  history.watch(undefined, () => true, 5);
  const { kept } = history.news();
  assert.ok(kept.bytes <= 20_000 && kept.limit === 20_000);
  assert.deepEqual([kept.count, kept.dropped, kept.since], [11, 990, 1]);

  for (const id of ['c', 'd', 'e', 'f']) history.addDevice(id);
  assert.equal(history.entries(new Set(['a'])).length, 3);
});

test('an entry that is larger than the share of its device is not kept', () => {
  const history = createHistory(10_000);
  history.add('a', { time: 1 }, 20_000);
  history.watch(undefined, () => true, 5);
  const { kept, entries } = history.news();
  assert.deepEqual([kept.count, kept.dropped, kept.bytes], [0, 1, 0]);
  assert.deepEqual(entries, []);
});

test('nothing is kept of a removed device', () => {
  const history = createHistory(10_000);
  history.add('a', { time: 1 }, 1);
  history.removeDevice('a');
  assert.equal(history.add('a', { time: 2 }, 1), undefined);
  assert.deepEqual(history.entries(), []);
});

test('a watch returns the newest entries that match, beginning with those already kept', () => {
  const history = createHistory(100_000);
  for (let number = 1; number <= 5; number += 1) history.add('a', { number }, 1);
  history.add('b', { number: 1 }, 1);
  history.watch(new Set(['a']), ({ number }) => number % 2 === 1, 2);
  const first = history.news();
  assert.deepEqual([sequences(first.entries), first.matched], [[5, 3], 3]);
  assert.equal(history.news(), undefined);
  history.add('a', { number: 8 }, 1);
  history.add('b', { number: 7 }, 1);
  assert.equal(history.news(), undefined);
  history.add('a', { number: 9 }, 1);
  const second = history.news();
  assert.deepEqual([sequences(second.entries), second.matched], [[9, 5], 4]);
});

test('an entry appears and disappears when a change makes it match or not', () => {
  const history = createHistory(100_000);
  const [first, second, third] = [1, 2, 3].map(() => history.add('a', { isBad: false }, 1));
  history.watch(undefined, ({ isBad }) => isBad, 2);
  assert.deepEqual(history.news().entries, []);
  for (const entry of [third, second]) history.noteChange(Object.assign(entry, { isBad: true }));
  assert.deepEqual(sequences(history.news().entries), [third.sequence, second.sequence]);
  history.noteChange(Object.assign(first, { isBad: true }));
  assert.equal(history.news(), undefined);
  history.noteChange(Object.assign(third, { isBad: false }));
  assert.deepEqual(sequences(history.news().entries), [second.sequence]);
});
