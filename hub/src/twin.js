import { HubError } from './errors.js';
import { bare, checkSection, isObject, merge, mergeMetadata, sizeOf } from './twin-values.js';

const NEVER = '0001-01-01T00:00:00Z';
const MAX_TAGS_SIZE = 8 * 1024;
const MAX_PROPERTIES_SIZE = 32 * 1024;

/** The current time with seven decimals, as in the service. */
export const timestamp = () => new Date().toISOString().replace('Z', '0000Z');

/** Desired or reported properties, with their version and metadata. */
class Section {
  values = bare();
  version = 1;
  metadata = bare({ $lastUpdated: NEVER });
  #name;
  #stampsVersion;

  constructor(name, stampsVersion) {
    this.#name = name;
    this.#stampsVersion = stampsVersion;
  }

  /** Restores the saved section. */
  restore({ values, version, metadata }) {
    this.values = merge({}, values);
    this.version = version;
    this.metadata = merge({}, metadata);
  }

  /** The result that `patch` or `replace` would have; throws a HubError if it is not allowed. */
  prepare(changes, base = this.values) {
    checkSection(changes, this.#name);
    const values = merge(base, changes);
    if (sizeOf(values) > MAX_PROPERTIES_SIZE) {
      throw new HubError('ArgumentInvalid', `${this.#name} exceeds ${MAX_PROPERTIES_SIZE} bytes`);
    }
    return values;
  }

  patch(changes) {
    this.#write(this.prepare(changes), this.metadata, changes);
  }

  replace(values) {
    this.#write(this.prepare(values, {}), {}, values);
  }

  #write(values, metadata, changes) {
    this.values = values;
    this.version++;
    const stamp = { $lastUpdated: timestamp() };
    if (this.#stampsVersion) stamp.$lastUpdatedVersion = this.version;
    this.metadata = mergeMetadata(metadata, changes, stamp);
  }

  /** As devices see it. */
  toDevice() {
    return bare(this.values, { $version: this.version });
  }

  /** As back ends see it. */
  toService() {
    return bare(this.values, { $metadata: this.metadata, $version: this.version });
  }
}

/** A device twin: tags, desired and reported properties. */
export class Twin {
  tags = bare();
  desired = new Section('desired', true);
  reported = new Section('reported', false);
  version = 2;
  #writes = 1n;
  #records;

  /** @param {import('./store.js').Records} records */
  constructor(records) {
    this.#records = records;
  }

  /** Restores the saved twin. */
  restore({ tags, desired, reported, version, writes }) {
    this.tags = merge({}, tags);
    this.desired.restore(desired);
    this.reported.restore(reported);
    this.version = version;
    this.#writes = writes;
  }

  /** Changes with every write by a back end, not with reported properties. */
  get etag() {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.#writes);
    return bytes.toString('base64');
  }

  /**
   * Merges a device's patch.
   * @param {unknown} changes
   * @param {number} [baseVersion] the version that the device believes to be current
   * @returns {number} the new version of the reported properties
   */
  patchReported(changes, baseVersion = this.reported.version) {
    if (baseVersion !== this.reported.version) {
      throw new HubError(
        'PreconditionFailed',
        `reported is at version ${this.reported.version}, not ${baseVersion}`,
      );
    }
    this.reported.patch(changes);
    this.version++;
    this.#save();
    return this.reported.version;
  }

  /**
   * Applies a back end's changes: merges them, or replaces tags and desired properties.
   * @param {{tags?: object, properties?: {desired?: object}}} changes
   * @param {{replace: boolean}} how
   * @returns {{$version: number} | undefined} the desired properties to send to the device
   */
  writeFromService({ tags, properties }, { replace }) {
    const desired = withoutReadOnly(properties?.desired ?? (replace ? {} : undefined));
    const newTags = tags ?? (replace ? {} : undefined);
    // Check everything before writing anything.
    const preparedTags = newTags && prepareTags(replace ? {} : this.tags, newTags);
    if (desired) this.desired.prepare(desired, replace ? {} : this.desired.values);
    if (preparedTags) this.tags = preparedTags;
    if (desired && replace) this.desired.replace(desired);
    else if (desired) this.desired.patch(desired);
    this.version++;
    this.#writes++;
    this.#save();
    return desired && bare(desired, { $version: this.desired.version });
  }

  toDevice() {
    return { desired: this.desired.toDevice(), reported: this.reported.toDevice() };
  }

  #save() {
    const { tags, desired, reported, version } = this;
    this.#records.put('twin', { tags, desired, reported, version, writes: this.#writes });
  }
}

function prepareTags(base, changes) {
  checkSection(changes, 'tags');
  const tags = merge(base, changes);
  if (sizeOf(tags) > MAX_TAGS_SIZE) {
    throw new HubError('ArgumentInvalid', `tags exceed ${MAX_TAGS_SIZE} bytes`);
  }
  return tags;
}

/** A back end may send back a whole twin; the hub's own members in it are ignored. */
function withoutReadOnly(desired) {
  if (!isObject(desired)) return desired;
  const { $metadata, $version, ...rest } = desired;
  return rest;
}
