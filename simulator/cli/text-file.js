import { readFile } from 'node:fs/promises';

/** The text of a file; on Windows one may begin with a byte order mark, or be in UTF-16. */
export async function readText(file) {
  const bytes = await readFile(file);
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  // It removes the mark.
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
