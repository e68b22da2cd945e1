// User data as JSON. `JSON.stringify` turns objects that keep their data outside their own
// properties into `{}`: a Promise that was not awaited, a Map, a Blob. That is an error here.

/** What to do instead, by the name that `Object.prototype.toString` returns. */
const CURES = {
  Blob: 'await blob.arrayBuffer(), or use uploadFile',
  Error: 'give { message: error.message }',
  Headers: 'give Object.fromEntries(headers)',
  Map: 'give Object.fromEntries(map)',
  ReadableStream: 'use uploadFile',
  Response: 'pass await response.json()',
  Set: 'give [...set]',
  SharedArrayBuffer: 'pass new Uint8Array(buffer)',
};
CURES.File = CURES.Blob;
CURES.FormData = CURES.URLSearchParams = CURES.Map;

/**
 * Like `JSON.stringify`.
 * @param {unknown} value of the user
 * @param {string} what it is, for the error
 * @param {(name: string, value: any) => any} [check] a replacer for a value that has `null` in it
 * @throws {TypeError} for what JSON cannot hold, even if it would be lost silently
 */
export function jsonOf(value, what, check) {
  if (isThenable(value)) throw new TypeError(`${what} is a Promise: await it first`);
  if (isError(value)) throw lost(value, what);
  const json = stringify(value, what);
  if (json === undefined) {
    throw new TypeError(`${what} must be what JSON can hold, and is of the type ${typeof value}`);
  }
  // Checking each value takes twice as long, and few values contain an empty object.
  if (json.includes('{}')) {
    JSON.stringify(value, (name, member) => {
      if (isLost(member)) throw lost(member, name === '' ? what : `${name} in ${what}`);
      return member;
    });
  }
  if (check && json.includes('null')) JSON.stringify(value, check);
  return json;
}

/** JSON cannot hold a BigInt or a cycle, and the engines' errors do not name the value. */
function stringify(value, what) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${what} must be what JSON can hold`, { cause: error });
  }
}

/**
 * For a patch: JSON turns `NaN` and an invalid `Date` into `null`, which would delete the reported
 * property, and in arrays `undefined`, too.
 * @this {Record<string, any>} what holds the value
 */
export function refuseLost(name, value) {
  const json = JSON.stringify(value) ?? (Array.isArray(this) ? 'null' : '');
  if (json === 'null' && this[name] !== null) {
    throw new TypeError(
      `the reported property ${name} must be what JSON can hold, and is ${String(this[name])}; ` +
        'pass null to delete it',
    );
  }
  return value;
}

/** Whether JSON would turn a value that is not an empty object into `{}`. */
function isLost(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !isPlain(value) &&
    Object.keys(value).length === 0 &&
    JSON.stringify(value) === '{}'
  );
}

function lost(value, what) {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name = tag === 'Object' ? value.constructor?.name : tag;
  const cure = isThenable(value) ? 'await it first' : CURES[tag];
  return new TypeError(
    `${what} would be lost, because JSON turns this ${name} into {}; ${cure ?? 'pass a plain object'}`,
  );
}

const isError = (value) => value instanceof Error && !('toJSON' in value);

/** Whether a value is a plain object. */
export function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value has a `then` to wait for. Reading it may run user code. */
export function isThenable(value) {
  try {
    return typeof value === 'object' && value !== null && typeof value.then === 'function';
  } catch {
    return false;
  }
}
