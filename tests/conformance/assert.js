// Assertions that need nothing but JavaScript.

/** Something differs from the contract. */
class AssertionError extends Error {
  name = 'AssertionError';
}

export function fail(message) {
  throw new AssertionError(message);
}

export function ok(value, message) {
  if (!value) fail(message);
}

export function equal(actual, expected, what = 'the value') {
  if (!Object.is(actual, expected)) fail(`${what} is ${show(actual)}, not ${show(expected)}`);
}

/** Compares JSON values; names can be in any order. */
export function deepEqual(actual, expected, what = 'the value') {
  if (canonical(actual) !== canonical(expected)) {
    fail(`${what} is ${show(actual)}, not ${show(expected)}`);
  }
}

export function match(text, pattern, what = 'the text') {
  if (!pattern.test(text)) fail(`${what} is ${show(text)}, which does not match ${pattern}`);
}

export function bytesEqual(actual, expected, what = 'the bytes') {
  ok(actual instanceof Uint8Array, `${what} are no Uint8Array`);
  deepEqual([...actual], [...expected], what);
}

function canonical(value) {
  return JSON.stringify(value, (_, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function show(value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
