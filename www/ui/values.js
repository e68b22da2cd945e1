/**
 * The values of a JSON document by their paths: `{position: {latitude: 1}}` is
 * `{'position.latitude': 1}`.
 */
export function leavesOf(value, path = '') {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object') return { [path || 'value']: value };
  const within = Object.entries(value).map(([name, inner]) =>
    leavesOf(inner, path ? `${path}.${name}` : name),
  );
  return Object.assign({}, ...within);
}
