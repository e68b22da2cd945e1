import assert from 'node:assert/strict';
import { test } from 'node:test';

import { missingIn, TwinCopy } from '../../simulator/src/twin.js';

const twinOf = (desired, reported) => ({
  desired: { $version: 1, ...desired },
  reported: { $version: 1, ...reported },
});

test('patches are merged as the hub does it', () => {
  const twin = new TwinCopy();
  twin.replace(twinOf({ a: 1, b: { c: 1, d: 2 }, e: [1] }));
  assert.ok(twin.mergeDesired({ a: null, b: { c: null, f: { g: 1 } }, e: [2], $version: 2 }));
  assert.deepEqual(twin.desired, { b: { d: 2, f: { g: 1 } }, e: [2], $version: 2 });
});

test('names that JavaScript objects have are ordinary properties', () => {
  const twin = new TwinCopy();
  twin.mergeReported({ constructor: { a: 1 }, toString: 'x' });
  assert.deepEqual(Object.keys(twin.reported).sort(), ['$version', 'constructor', 'toString']);
  assert.deepEqual(twin.reported.constructor, { a: 1 });
  twin.mergeReported(JSON.parse('{"__proto__": {"b": 2}}'));
  assert.ok(JSON.stringify(twin.reported).includes('"__proto__":{"b":2}'));
  assert.equal({}.b, undefined);
});

test('reported properties increase the version', () => {
  const twin = new TwinCopy();
  twin.replace(twinOf({}, { $version: 7 }));
  twin.mergeReported({ a: 1 });
  assert.deepEqual(twin.reported, { a: 1, $version: 8 });
});

test('a patch after a gap is not merged, and an old one changes nothing', () => {
  const twin = new TwinCopy();
  twin.replace(twinOf({ $version: 5, a: 1 }));
  assert.equal(twin.mergeDesired({ a: 2, $version: 7 }), false);
  assert.equal(twin.mergeDesired({ a: 2, $version: 4 }), true);
  assert.deepEqual(twin.desired, { a: 1, $version: 5 });
});

test('a twin that was requested before a patch arrived does not undo the patch', () => {
  const twin = new TwinCopy();
  twin.replace(twinOf({ a: 1 }));
  twin.mergeDesired({ a: 2, $version: 2 });
  twin.replace(twinOf({ a: 1 }));
  assert.deepEqual(twin.desired, { a: 2, $version: 2 });
});

test('the paths of what changed are known, until the next change', () => {
  const twin = new TwinCopy();
  twin.replace(twinOf({ a: 1, b: { c: 1, d: [1, { e: 1 }] } }));
  twin.mergeDesired({ b: { c: 2, d: [1, { e: 1 }], f: 1 }, $version: 2 });
  assert.deepEqual(twin.changedPaths.desired.sort(), ['b.c', 'b.f']);
  twin.mergeDesired({ a: null, $version: 3 });
  assert.deepEqual(twin.changedPaths.desired, ['a']);
});

test('the missing part is everything that differs, including deletions', () => {
  assert.deepEqual(
    missingIn(
      { a: 1, b: { c: 1, d: 2 }, e: 1, $version: 9 },
      {
        a: 1,
        b: { c: 3, d: 2 },
        e: null,
        f: null,
        g: { h: [] },
        $version: 4,
      },
    ),
    { b: { c: 3 }, e: null, g: { h: [] } },
  );
  assert.equal(missingIn({ a: { b: [1] } }, { a: { b: [1] }, $version: 2 }), undefined);
});
