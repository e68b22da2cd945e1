/** Formatted JSON with changes marked, also in words for screen readers. */
export function JsonView({ value, changed = [] }) {
  const lines = linesOf(value);
  const shown = new Set(lines.map(({ path }) => path));
  const gone = changed.filter((path) => path && !shown.has(path));
  return (
    <div class="json" role="group" tabIndex={0} aria-label="JSON">
      <ol>
        {lines.map(({ depth, text, path }, index) => (
          <li key={index} class={`depth-${Math.min(depth, 8)}`}>
            {changed.some((one) => isWithin(path, one)) ? (
              <mark>
                {text}
                <span class="changed">changed</span>
              </mark>
            ) : (
              text
            )}
          </li>
        ))}
      </ol>
      {gone.length > 0 && <p class="hint">Removed: {gone.join(', ')}</p>}
    </div>
  );
}

const isWithin = (path, change) => path === change || path?.startsWith(`${change}.`);

/** One line for each value, as JSON is written with indents. */
function linesOf(value, depth = 0, path = undefined, before = '', after = '') {
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
    return [{ depth, path, text: `${before}${JSON.stringify(value)}${after}` }];
  }
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const entries = Object.entries(value);
  const inner = entries.flatMap(([name, item], index) => {
    const itemPath = path === undefined ? name : `${path}.${name}`;
    const itemBefore = Array.isArray(value) ? '' : `${JSON.stringify(name)}: `;
    const comma = index < entries.length - 1 ? ',' : '';
    return linesOf(item, depth + 1, itemPath, itemBefore, comma);
  });
  return [{ depth, path, text: `${before}${open}` }, ...inner, { depth, text: `${close}${after}` }];
}
