/** Sizes that a test cannot make a client hold: only the numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClientError } from '../../pkg-template/errors.js';
import { PendingBytes } from '../../pkg-template/pending-bytes.js';

const MEBIBYTE = 1024 ** 2;
const refused = (pending, bytes, pattern) =>
  assert.throws(() => pending.check(bytes), { constructor: ClientError, message: pattern });
const accept = (pending, bytes) => {
  pending.check(bytes);
  pending.add(bytes);
};

test('a client holds as many bytes as its limit, and no more', () => {
  const pending = new PendingBytes(100);
  accept(pending, 60);
  refused(pending, 41, /^41 bytes and the 60 .* maxPendingBytes, 100; await .* increase it$/);
  accept(pending, 40);
  refused(pending, 1, /maxPendingBytes/);
  accept(pending, 0);
  pending.remove(60);
  accept(pending, 60);
  pending.remove(100);
});

test('a size that no call can hold is a RangeError', () => {
  const pending = new PendingBytes(100);
  assert.throws(() => pending.check(101), { constructor: RangeError, message: /101.*, 100; send/ });
});

test('all clients together hold 1 GiB, and no more', () => {
  const clients = Array.from({ length: 5 }, () => new PendingBytes(256 * MEBIBYTE));
  const last = clients.pop();
  for (const client of clients) accept(client, 256 * MEBIBYTE);
  refused(last, 1, /all clients .*; await some .* maxPendingBytes$/);
  clients[0].remove(10);
  accept(last, 10);
  refused(last, 1, /all clients/);
});
