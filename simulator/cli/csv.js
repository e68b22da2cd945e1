/** CSV files (RFC 4180) with a header. */
import { createReadStream } from 'node:fs';

import { parse } from 'csv-parse';

import { valueOfCell } from '../src/csv.js';
import { CommandError } from './usage.js';

/**
 * The records of a file, one after the other.
 * @param {string} file
 * @returns {AsyncGenerator<{line: number, record: Record<string, string>}>} `line` is where the
 *   record ends, from 1
 */
export async function* readCsv(file) {
  const source = createReadStream(file);
  const parser = parse({ bom: true, columns: true, info: true, skip_empty_lines: true });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { info, record } of parser) yield { line: info.lines, record };
  } catch (error) {
    if (error.syscall) throw error;
    throw new CommandError(`${file}, line ${error.lines}: ${error.message}`, { cause: error });
  }
}

/** The columns of a file by their names, for the generator replay. */
export async function readColumns(file) {
  const columns = {};
  for await (const { record } of readCsv(file)) {
    for (const [name, cell] of Object.entries(record)) {
      (columns[name] ??= []).push(valueOfCell(cell));
    }
  }
  if (Object.keys(columns).length > 0) return columns;
  throw new CommandError(`${file} has no rows below its header`);
}
