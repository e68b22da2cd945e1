/** Columns of data as the CSV in which the scene editor shows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columnsOfText, textOfColumns } from '../../www/ui/columns-text.js';

test('columns survive conversion to CSV and back, whatever they contain', () => {
  const columns = {
    number: [1, -2.5, 1e21, 0],
    text: ['a', '1', 'true', 'null', '', ' x ', 'a,b', '"q"', 'line\nline'],
    'a, "b"': [null, true, false, null],
  };
  assert.deepEqual(columnsOfText(textOfColumns(columns)), columns);
  assert.deepEqual(columnsOfText(textOfColumns({ one: [1, null, 'x'] })), { one: [1, null, 'x'] });
  assert.deepEqual(columnsOfText(textOfColumns({})), {});
});

test('a spreadsheet’s CSV becomes columns: they end with their last value, gaps are null', () => {
  const text = '\uFEFFoutside,load\r\n8.1,20\r\n,35\r\n9,\r\n';
  assert.deepEqual(columnsOfText(text), { outside: [8.1, null, 9], load: [20, 35] });
});

test('a column without a name, or with the name of another, is an error', () => {
  assert.throws(() => columnsOfText('a,\n1,2\n'), /Column 2 has no name/);
  assert.throws(() => columnsOfText('a,a\n1,2\n'), /two columns named “a”/);
});
