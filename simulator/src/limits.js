/** What JSON text may contain, so that it can be read and sent. */

/** The maximum size of a scene; also limits what a link may unpack to. */
export const MAX_LENGTH = 256 * 1024;

/** Reading deeper nesting could exhaust the stack. */
export const MAX_DEPTH = 100;

/** Sums and differences of numbers beyond it may be infinite, which JSON cannot hold. */
const MAX_NUMBER = 1e300;

/** @returns {number} where the text is nested too deeply; -1 if it is not */
export function tooDeepAt(text) {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth > MAX_DEPTH) return index;
  }
  return -1;
}

/** @throws Error for a number that is too large; other values pass */
export function checkNumber(value) {
  if (typeof value === 'number' && Math.abs(value) > MAX_NUMBER) {
    throw new Error(`numbers go up to ${MAX_NUMBER}`);
  }
}

/** @throws Error for a scene of more bytes */
export function checkLength(bytes) {
  if (bytes <= MAX_LENGTH) return;
  throw new Error(`The scene is too long: it has more than ${MAX_LENGTH} bytes.`);
}
