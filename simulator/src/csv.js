/**
 * Rows as CSV (RFC 4180). Spreadsheets run a cell that begins like a formula, and what devices send
 * may come from anyone: such a cell begins with an apostrophe, and is shown as text
 * (owasp.org/www-community/attacks/CSV_Injection). A number stays a number.
 * @param {string[]} columns
 * @param {Array<Record<string, string | number | undefined>>} rows
 */
export function toCsv(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

const NUMBER = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i;

function cell(value) {
  const text = value === undefined ? '' : String(value);
  const isFormula = /^[=+\-@\t\r\n]/.test(text) && !NUMBER.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Numbers, `true` and `false` become JSON values, an empty cell `null`, anything else text. */
export function valueOfCell(text) {
  if (text === '') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
