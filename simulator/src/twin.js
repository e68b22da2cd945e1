/** A device's copy of its twin, updated by the hub's patches and its own reports. */
export class TwinCopy {
  desired = { $version: 0 };
  reported = { $version: 0 };
  /** The paths that the last change affected. */
  changedPaths = { desired: [], reported: [] };

  /** Stores the whole twin from the hub; a patch that arrived in the meantime may be newer. */
  replace({ desired, reported }) {
    if (desired.$version >= this.desired.$version) this.#set('desired', desired);
    this.#set('reported', reported);
  }

  /**
   * Merges a patch of the desired properties.
   * @returns {boolean} whether it was the next one: `false` if an earlier one was missed
   */
  mergeDesired(patch) {
    if (patch.$version <= this.desired.$version) return true;
    if (patch.$version > this.desired.$version + 1) return false;
    this.#set('desired', merged(this.desired, patch));
    return true;
  }

  /** Merges a patch that the hub has accepted, which increases the version by one. */
  mergeReported(patch) {
    const $version = this.reported.$version + 1;
    this.#set('reported', { ...merged(this.reported, patch), $version });
  }

  #set(half, properties) {
    const paths = changes(this[half], properties);
    if (paths.length > 0) this.changedPaths[half] = paths;
    this[half] = properties;
  }
}

/** The part of `wanted` that `present` lacks, as a patch; `undefined` if nothing is missing. */
export function missingIn(present, wanted) {
  const missing = Object.entries(withoutVersion(wanted))
    .map(([name, value]) => [name, missingMember(own(present, name), value)])
    .filter(([, value]) => value !== undefined);
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}

/** A patch of desired properties without the version, which nobody can report. */
export function withoutVersion({ $version: _, ...properties }) {
  return properties;
}

function missingMember(present, wanted) {
  if (wanted === null) return present === undefined ? undefined : null;
  if (isObject(present) && isObject(wanted)) return missingIn(present, wanted);
  return isEqual(present, wanted) ? undefined : wanted;
}

/** Merges like the hub: `null` deletes, objects are merged, other values are replaced. */
function merged(target, patch) {
  // On a plain object, `__proto__` would set the prototype.
  const members = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const before = members.get(name);
    if (value === null) members.delete(name);
    else members.set(name, isObject(value) ? merged(isObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(members);
}

/** The paths of the differences, except the version. */
function changes(before, after, path = '') {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  names.delete('$version');
  return [...names].flatMap((name) => {
    const at = path ? `${path}.${name}` : name;
    const [one, other] = [own(before, name), own(after, name)];
    if (isObject(one) && isObject(other)) return changes(one, other, at);
    return isEqual(one, other) ? [] : [at];
  });
}

/** Compares JSON values; the hub may change the order of names. */
export function isEqual(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => isEqual(item, other[at]));
  }
  if (isObject(one) && isObject(other)) return changes(one, other).length === 0;
  return one === other;
}

/** The value at a path of names; `undefined` if there is none. */
export function memberAt(value, names) {
  return names.reduce((inner, name) => memberOf(inner, name), value);
}

/** A member that an object or array itself has; `undefined` for any other value. */
export function memberOf(value, name) {
  return typeof value === 'object' && value !== null ? own(value, name) : undefined;
}

export function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
