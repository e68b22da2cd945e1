// The WebAssembly module as text, in JavaScript for pages. Whatever a bundler, a charset or an HTML
// page does to the file, printable ASCII stays what it is.

/**
 * The first 90 stand for the bytes from 0 to 89. The other two say that the next one stands for a
 * byte that is higher by 90 or 180. `"`, `\` and `<` are missing: JavaScript or HTML would need
 * them escaped.
 *
 * The order only matters for compression. Brotli keeps separate statistics for what follows each
 * kind of character (space, comma, digit, vowel ...), so it helps if the bytes that say most about
 * the next one are of different kinds. This order was found by exchanging two at a time.
 */
const CHARACTERS =
  "e!%$#&[~+*).>'/?(^345Z7,9:1=-0@ABCDJFGcjEKLM{OPQuSTUIWXY6z]2a`xb|dvsHhqVklmnopfrNtR}w_y8ig ;";
const ALONE = 90;

/** @param {Uint8Array} bytes */
export function textOf(bytes) {
  const characterOf = (byte) => CHARACTERS[byte % ALONE];
  const prefixOf = (byte) => (byte < ALONE ? '' : CHARACTERS[ALONE - 1 + Math.floor(byte / ALONE)]);
  return Array.from(bytes, (byte) => prefixOf(byte) + characterOf(byte)).join('');
}

/**
 * The reverse of `textOf`.
 * @param {string} text
 */
export function bytesOf(text) {
  const digits = new Uint8Array(128);
  for (let digit = 0; digit < CHARACTERS.length; digit += 1) {
    digits[CHARACTERS.charCodeAt(digit)] = digit;
  }
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = digits[text.charCodeAt(index)];
    if (digit < ALONE) {
      bytes[length] = base + digit;
      length += 1;
      base = 0;
    } else {
      base = (digit - ALONE + 1) * ALONE;
    }
  }
  return bytes.subarray(0, length);
}
