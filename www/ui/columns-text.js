/** Columns of data as CSV (RFC 4180), to edit: the first line has their names. */
import { parse } from 'csv-parse/browser/esm/sync';

import { valueOfCell } from '../../simulator/src/csv.js';

const OPTIONS = { bom: true, relax_column_count: true, skip_empty_lines: true };

/** @param {Record<string, Array<number | boolean | string | null>>} columns */
export function textOfColumns(columns) {
  const names = Object.keys(columns);
  if (names.length === 0) return '';
  const length = Math.max(0, ...Object.values(columns).map((cells) => cells.length));
  const rows = Array.from({ length }, (_, row) =>
    names.map((name) => cellText(columns[name][row])),
  );
  return [names.map(quotedIfNeeded), ...rows].map((cells) => `${cells.join(',')}\n`).join('');
}

/**
 * Cells in quotes are text. A column may be shorter than others: it ends with its last value.
 * @param {string} text
 * @throws {Error} if it is not CSV, or a column has no name or the name of another one
 */
export function columnsOfText(text) {
  const [names = [], ...rows] = parse(text, { ...OPTIONS, cast });
  return Object.fromEntries(
    names.map((name, at) => {
      if (name === '') throw new Error(`Column ${at + 1} has no name in the first line.`);
      if (names.indexOf(name) < at) throw new Error(`There are two columns named “${name}”.`);
      return [name, cellsOf(rows.map((row) => row[at]))];
    }),
  );
}

/** An empty cell is `undefined` here, as after the end of a column. */
function cast(text, { lines, quoting }) {
  if (lines === 1 || quoting) return text;
  if (text === 'null') return null;
  return text === '' ? undefined : valueOfCell(text);
}

function cellsOf(cells) {
  const end = cells.findLastIndex((cell) => cell !== undefined) + 1;
  return cells.slice(0, end).map((cell) => cell ?? null);
}

function cellText(cell) {
  if (cell === undefined) return '';
  if (typeof cell !== 'string') return JSON.stringify(cell);
  const isText = cell !== 'null' && valueOfCell(cell) === cell;
  return isText ? quotedIfNeeded(cell) : quoted(cell);
}

const quotedIfNeeded = (text) => (/^\s|[",\r\n]|\s$|^$/.test(text) ? quoted(text) : text);

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
