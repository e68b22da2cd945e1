import { leavesOf } from './values.js';

/**
 * A field for the unit of each number in a message.
 * @param {{units?: Record<string, string>, body?: string, change: (units: object) => void}} props
 *   `body` is a message, if the template has none of the mistakes that keep it from being made
 */
export function UnitFields({ units = {}, body = '{}', change }) {
  const numbers = Object.entries(leavesOf(JSON.parse(body)))
    .filter(([, value]) => typeof value === 'number')
    .map(([path]) => path);
  const paths = [...new Set([...numbers, ...Object.keys(units)])];
  const set = (path, unit) => {
    const { [path]: _, ...others } = units;
    const next = unit === '' ? others : { ...units, [path]: unit };
    change(Object.keys(next).length > 0 ? next : undefined);
  };
  const used = Object.entries(units).map((entry) => entry.join(' '));
  return (
    <details>
      <summary>
        Units of the values <span class="quiet">{used.join(', ')}</span>
      </summary>
      <div class="fields">
        {paths.map((path) => (
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
      <p class="hint">For charts and tables. Units are not sent.</p>
    </details>
  );
}
