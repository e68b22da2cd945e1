/**
 * The parts of Vitest and Jest that the guide's tests use, on top of the test runner of Node.js.
 */
import assert from 'node:assert/strict';

export { after as afterAll, test } from 'node:test';

export const expect = (actual) => ({
  toBe: (expected) => assert.equal(actual, expected),
  toEqual: (expected) => assert.deepEqual(actual, expected),
});
