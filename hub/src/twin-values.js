import { HubError } from './errors.js';

const MAX_DEPTH = 10;
const MAX_KEY_BYTES = 1024;
const MAX_STRING_BYTES = 4096;
const MIN_INTEGER = -4_503_599_627_370_496;
const MAX_INTEGER = 4_503_599_627_370_495;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;

/** An object without a prototype, on which any key is an ordinary one, even `__proto__`. */
export const bare = (...sources) => Object.assign(Object.create(null), ...sources);

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Refuses what a twin section cannot hold.
 * @param {unknown} value
 * @param {string} name of the section, for the error
 */
export function checkSection(value, name) {
  if (!isObject(value)) throw new HubError('ArgumentInvalid', `${name} must be a JSON object`);
  for (const [key, member] of Object.entries(value)) checkMember(key, member, name, 0, false);
}

function checkMember(key, value, parent, depth, isInArray) {
  const path = `${parent}.${key}`;
  const refuse = (why) => {
    throw new HubError('ArgumentInvalid', `${path} ${why}`);
  };
  if (/[.$ \u0000-\u001f\u007f-\u009f]/.test(key) || key === '') {
    refuse('has a key that is empty or contains ".", "$", a space or a control character');
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) refuse(`has a key over ${MAX_KEY_BYTES} bytes`);
  checkValue(value, depth, refuse, path, isInArray);
}

/**
 * In an array, `null` cannot delete anything, at any depth:
 * https://github.com/Azure/azure-iot-sdk-csharp/issues/1741.
 */
function checkValue(value, depth, refuse, path, isInArray) {
  if (value === null && isInArray) refuse('is null inside of an array');
  if (typeof value === 'string' && Buffer.byteLength(value) > MAX_STRING_BYTES) {
    refuse(`is a string over ${MAX_STRING_BYTES} bytes`);
  }
  if (Number.isInteger(value) && (value < MIN_INTEGER || value > MAX_INTEGER)) {
    refuse(`is an integer outside of ${MIN_INTEGER} to ${MAX_INTEGER}`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) refuse(`is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1, refuse, path, true);
  } else {
    for (const [key, member] of Object.entries(value)) {
      checkMember(key, member, path, depth + 1, isInArray);
    }
  }
}

/** The size of a section as IoT Hub counts it. */
export function sizeOf(value) {
  switch (typeof value) {
    case 'string':
      return Buffer.byteLength(value.replace(CONTROL_CHARACTERS, ''));
    case 'number':
      return 8;
    case 'boolean':
      return 4;
  }
  if (value === null) return 0;
  if (Array.isArray(value)) return value.reduce((size, item) => size + sizeOf(item), 0);
  return Object.entries(value).reduce((size, [key, item]) => size + sizeOf(key) + sizeOf(item), 0);
}

/** A copy of `target` with the patch applied: objects merge, null deletes, other values replace. */
export function merge(target, patch) {
  const result = bare(target);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = merge(isObject(result[key]) ? result[key] : {}, value);
    else result[key] = value;
  }
  return result;
}

/**
 * The `$metadata` for a merged section.
 * @param {object} metadata before the merge
 * @param {object} patch what was merged
 * @param {object} stamp added to everything that the patch contains
 */
export function mergeMetadata(metadata, patch, stamp) {
  const result = bare(metadata, stamp);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = mergeMetadata(result[key] ?? {}, value, stamp);
    else result[key] = bare(stamp);
  }
  return result;
}
