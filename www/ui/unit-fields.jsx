import { useSignal } from '@preact/signals';

import { leavesOf } from './values.js';

/**
 * A field for the unit of each number in a message.
 * @param {{units?: Record<string, string>, body?: string, change: (units?: object) => void}} props
 *   `body` is a message, unless a mistake in the template prevents it
 */
export function UnitFields({ units = {}, body = '{}', change }) {
  const isOpen = useSignal(false);
  const set = (path, unit) => {
    const { [path]: _, ...others } = units;
    const next = unit === '' ? others : { ...units, [path]: unit };
    change(Object.keys(next).length > 0 ? next : undefined);
  };
  const inUse = Object.entries(units).map((entry) => entry.join(' '));
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>
        Units of the values <span class="quiet">{inUse.join(', ')}</span>
      </summary>
      {isOpen.value && (
        <div class="fields">
          {pathsOf(units, body).map((path) => (
            <label key={path}>
              {path}
              <input
                maxLength={32}
                spellcheck={false}
                value={Object.hasOwn(units, path) ? units[path] : ''}
                onInput={(event) => set(path, event.currentTarget.value)}
              />
            </label>
          ))}
        </div>
      )}
      <p class="hint">For charts and tables. Units are not sent.</p>
    </details>
  );
}

/** The paths of the numbers, and of values that already have a unit. */
function pathsOf(units, body) {
  const leaves = Object.entries(leavesOf(JSON.parse(body)));
  const numbers = leaves.filter(([, value]) => typeof value === 'number');
  return [...new Set([...numbers.map(([path]) => path), ...Object.keys(units)])];
}
