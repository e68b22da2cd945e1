/** What a device knows of its twin, kept up to date by what it is told and what it reports. */
export class TwinCopy {
  desired = { $version: 0 };
  reported = { $version: 0 };
  /** The paths that the last change has changed. */
  changedPaths = { desired: [], reported: [] };

  /** Takes the whole twin, as the hub gave it: a patch that came meanwhile may be newer. */
  replace({ desired, reported }) {
    if (desired.$version >= this.desired.$version) this.#set('desired', desired);
    this.#set('reported', reported);
  }

  /**
   * Merges a patch of the desired properties.
   * @returns {boolean} whether it was the next one: `false` when one before it was missed
   */
  mergeDesired(patch) {
    if (patch.$version <= this.desired.$version) return true;
    if (patch.$version > this.desired.$version + 1) return false;
    this.#set('desired', merged(this.desired, patch));
    return true;
  }

  /** Merges a patch that the hub has accepted; it raises the version by one then. */
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

/** The part of `wanted` that `present` lacks, as a patch; `undefined` where it has all of it. */
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

/** As the hub merges: `null` deletes, objects are merged, all else is replaced. */
function merged(target, patch) {
  // An object would take `__proto__` for its own prototype.
  const members = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const before = members.get(name);
    if (value === null) members.delete(name);
    else members.set(name, isObject(value) ? merged(isObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(members);
}

/** Paths of what differs, except the version. */
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

/** Of what JSON holds; the order of names is the hub's to choose. */
export function isEqual(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => isEqual(item, other[at]));
  }
  if (isObject(one) && isObject(other)) return changes(one, other).length === 0;
  return one === other;
}

/** What is at a path of names; `undefined` where nothing is. */
export function memberAt(value, names) {
  return names.reduce((inner, name) => memberOf(inner, name), value);
}

/** Of objects and arrays what they hold themselves, as JSON has it; of all else nothing. */
export function memberOf(value, name) {
  return typeof value === 'object' && value !== null ? own(value, name) : undefined;
}

export function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
