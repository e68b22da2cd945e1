/**
 * The values of a JSON document by their paths: `{position: {latitude: 1}}` is
 * `{'position.latitude': 1}`.
 */
export function leavesOf(value, path = '') {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object') return { [path || 'value']: value };
  // From entries, because an assignment to `__proto__` would be lost.
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      Object.entries(leavesOf(inner, path ? `${path}.${name}` : name)),
    ),
  );
}
