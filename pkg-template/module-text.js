// The WebAssembly module as a text in the JavaScript of pages. A small byte, which most are, becomes
// one character, and a larger one two. So equal bytes stay equal texts, which brotli and gzip find,
// and the text is two thirds as long as hexadecimal digits.

/** The printable characters of ASCII, by code, without those that JavaScript or HTML may escape. */
const characters = Array.from({ length: 95 }, (_, index) => 32 + index).filter(
  (code) => !'"\'`\\$<&'.includes(String.fromCharCode(code)),
);

/** They stand for these digits, in order: -2, -1, and those below the base. */
const LOWEST = -2;
const BASE = characters.length + LOWEST;

/**
 * The build calls this.
 * @param {Uint8Array} bytes
 */
export function encodeModule(bytes) {
  const character = (digit) => String.fromCharCode(characters[digit - LOWEST]);
  // A negative digit says how often the base is to be added to the next one.
  const encode = (byte) =>
    byte < BASE ? character(byte) : character(-Math.floor(byte / BASE)) + character(byte % BASE);
  return Array.from(bytes, encode).join('');
}

/** @param {string} text */
export function decodeModule(text) {
  const digits = new Int8Array(128);
  characters.forEach((code, index) => (digits[code] = index + LOWEST));
  // Overwritten in place, as no byte takes less than a character.
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let index = 0; index < bytes.length; length += 1) {
    let byte = digits[bytes[index++]];
    if (byte < 0) byte = digits[bytes[index++]] - byte * BASE;
    bytes[length] = byte;
  }
  return bytes.subarray(0, length);
}
