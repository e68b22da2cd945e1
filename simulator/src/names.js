/**
 * The names that an expression may use: fields of the message before it, values of the device, and
 * a few that every device has.
 *
 * @typedef {object} Known what a template or an expression may refer to
 * @property {string[]} [values] the names of the device's values
 * @property {Record<string, unknown[]>} [columns] for `{{replay COLUMN}}`
 * @property {boolean} [withRequest] whether there is the payload of a method call
 * @property {{names: Set<string>, outer?: object}} [fields] of the objects around it
 */

const COMMON = {
  desired: ({ desired }) => desired,
  deviceId: ({ deviceId }) => deviceId,
};

/** Names that no value can have. */
export const RESERVED = [...Object.keys(COMMON), 'request'];

/**
 * Returns a function that reads the value of a name; `undefined` for an unknown name.
 * @param {Known} known
 */
export function finderOf({ values = [], withRequest = false, fields }) {
  return (name) => {
    for (let scope = fields; scope; scope = scope.outer) {
      if (scope.names.has(name)) return (context) => fieldAt(context.fields, name);
    }
    if (values.includes(name)) return (context) => context.values.get(name);
    if (name === 'request' && withRequest) return ({ request }) => request;
    return Object.hasOwn(COMMON, name) ? COMMON[name] : undefined;
  };
}

/** All names that `finderOf` finds, for the message of an error. */
export function namesOf({ values = [], withRequest = false, fields }) {
  const names = [];
  for (let scope = fields; scope; scope = scope.outer) names.push(...scope.names);
  names.push(...values, ...Object.keys(COMMON), ...(withRequest ? ['request'] : []));
  return [...new Set(names)];
}

/** The nearest field: in the object itself, or in those around it. */
function fieldAt(fields, name) {
  for (let scope = fields; scope; scope = scope.outer) {
    if (scope.members.has(name)) return scope.members.get(name);
  }
  return undefined;
}
