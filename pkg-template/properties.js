// The properties of a message, as they cross between JavaScript and the core: one text of parts.
// First come the values of the system properties in a fixed order, then names and values of the
// custom ones in turn. A part that is not there is empty; one that is there and empty is an escape.

const SEPARATOR = '\0';
const ESCAPE = '\x01';
const escapes = { [SEPARATOR]: `${ESCAPE}0`, [ESCAPE]: `${ESCAPE}1` };

/**
 * @param {(string | null | undefined)[]} parts
 * @returns {string}
 */
export function joinProperties(parts) {
  let text = '';
  for (const part of parts) {
    if (part === '') text += ESCAPE;
    else if (part != null) text += /[\0\x01]/.test(part) ? escaped(part) : part;
    text += SEPARATOR;
  }
  return text;
}

/**
 * @param {string} text
 * @returns {(string | undefined)[]}
 */
export function splitProperties(text) {
  const read = text.includes(ESCAPE) ? unescaped : identity;
  const parts = [];
  let start = 0;
  // Each part ends with a separator.
  for (let end = 0; (end = text.indexOf(SEPARATOR, start)) >= 0; start = end + 1) {
    parts.push(end === start ? undefined : read(text.slice(start, end)));
  }
  return parts;
}

const identity = (part) => part;

const escaped = (part) => part.replace(/[\0\x01]/g, (character) => escapes[character]);

const unescaped = (part) =>
  part.replace(/\x01(.?)/g, (_, code) => (code === '' ? '' : code === '0' ? SEPARATOR : ESCAPE));
