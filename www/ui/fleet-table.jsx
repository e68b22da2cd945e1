import { useSignal } from '@preact/signals';

import { everySecond, ids } from './fleet.js';
import { measure } from './format.js';
import { open } from './navigation.js';
import { unitsOf } from './units.js';
import { leavesOf } from './values.js';

const ROWS = 25;

/** What each device sent last, a page at a time. */
export function FleetTable() {
  const from = useSignal(0);
  const start = from.value < ids.value.length ? from.value : 0;
  const shown = everySecond.value.slice(start, start + ROWS);
  const rows = shown.map(({ last }) => leavesOf(last));
  const units = shown.map(({ kind }) => unitsOf(kind));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 8);
  const shared = Object.fromEntries(columns.map((name) => [name, sharedUnit(units, name)]));
  return (
    <>
      <div class="table" role="region" aria-label="Latest values" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Device</th>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name} {shared[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ id }, index) => (
              <tr key={id}>
                <th scope="row">
                  <button class="link" onClick={() => open(id)}>
                    {id}
                  </button>
                </th>
                {columns.map((name) => (
                  <td key={name}>
                    {cell(rows[index][name], shared[name] ? '' : units[index][name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {ids.value.length > ROWS && <Pages from={from} start={start} />}
    </>
  );
}

function Pages({ from, start }) {
  const end = Math.min(start + ROWS, ids.value.length);
  return (
    <div class="buttons pages">
      <button disabled={start === 0} onClick={() => (from.value = start - ROWS)}>
        Previous
      </button>
      <span class="quiet">
        {start + 1} to {end} of {ids.value.length}
      </span>
      <button disabled={end === ids.value.length} onClick={() => (from.value = end)}>
        Next
      </button>
    </div>
  );
}

/** What stands in the head of a column: its unit, if all kinds that have one have the same. */
function sharedUnit(units, name) {
  const [unit, ...others] = new Set(units.map((of) => of[name]).filter(Boolean));
  return others.length === 0 ? unit : undefined;
}

function cell(value, unit) {
  if (value === undefined || value === null) return '–';
  return typeof value === 'number' ? measure(value, unit) : String(value);
}
