/** As much of Vitest and Jest as the tests in the guide use, on top of the runner of Node.js. */
import assert from 'node:assert/strict';

export { after as afterAll, test } from 'node:test';

export const expect = (actual) => ({
  toBe: (expected) => assert.equal(actual, expected),
  toEqual: (expected) => assert.deepEqual(actual, expected),
});
