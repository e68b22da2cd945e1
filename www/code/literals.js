/** Values and texts as source code, escaped so that no content ends them early. */

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A JavaScript string. A program may be pasted into a page, where `</script>` and `<!--` would end
 * or change the script that they are in.
 */
export function jsString(text) {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  const safe = inner
    .replaceAll("'", "\\'")
    .replaceAll(/<(?=[/!s])/gi, '\\x3c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return `'${safe}'`;
}

/** A JSON value as a formatted JavaScript expression. */
export function jsLiteral(value, indent = '') {
  if (typeof value === 'string') return jsString(value);
  // `__proto__: x` would set the prototype.
  const name = (key) => {
    if (key === '__proto__') return `['__proto__']`;
    return IDENTIFIER.test(key) ? key : jsString(key);
  };
  return (
    laidOut(value, indent, { step: '  ', literal: jsLiteral, name, space: ' ' }) ??
    JSON.stringify(value)
  );
}

/** A Python string: the escapes of JSON mean the same there. */
export const pyString = (text) => JSON.stringify(text);

const PYTHON = { null: 'None', true: 'True', false: 'False' };

/** A JSON value as a formatted Python expression. */
export function pyLiteral(value, indent = '') {
  const rules = { step: '    ', literal: pyLiteral, name: pyString };
  return laidOut(value, indent, rules) ?? PYTHON[value] ?? JSON.stringify(value);
}

/** One word of a POSIX shell. */
export const shellWord = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A part of a path, also valid within double quotes of a shell: an interactive shell treats an
 * exclamation mark as a history command.
 */
export const pathPart = (text) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** How long an array or object may be to stay on one line. */
const SHORT = 60;

/** An array or object, on several lines if it is long; `undefined` for anything else. */
function laidOut(value, indent, { step, literal, name, space = '' }) {
  if (typeof value !== 'object' || value === null) return undefined;
  const isArray = Array.isArray(value);
  const [open, close] = isArray ? '[]' : '{}';
  const inner = indent + step;
  const members = Object.entries(value).map(
    ([key, member]) => `${isArray ? '' : `${name(key)}: `}${literal(member, inner)}`,
  );
  if (members.length === 0) return open + close;
  const line = members.join(', ');
  const pad = isArray ? '' : space;
  if (line.length < SHORT && !line.includes('\n')) return open + pad + line + pad + close;
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join('')}${indent}${close}`;
}
