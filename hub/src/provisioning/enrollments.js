import { randomBytes } from 'node:crypto';
import { HubError } from '../errors.js';
import { checkEtag } from '../identity-json.js';
import { timestamp } from '../twin.js';
import { completeCertificates } from './certificates.js';
import { keyOf, newEtag } from './registrations.js';

const ID = /^[A-Za-z0-9._:-]{0,127}[A-Za-z0-9-]$/;

/**
 * An enrollment, of one device or of a group, in the format of the service's API.
 * @typedef {{registrationId?: string, enrollmentGroupId?: string, deviceId?: string,
 *            attestation: {type: string, symmetricKey?: any, x509?: any},
 *            capabilities?: {iotEdge?: boolean}, iotHubHostName?: string, iotHubs?: string[],
 *            allocationPolicy?: 'hashed' | 'geoLatency' | 'static' | 'custom',
 *            customAllocationDefinition?: {webhookUrl: string, apiVersion: string},
 *            initialTwin?: {tags?: object, properties?: {desired?: object}},
 *            provisioningStatus: 'enabled' | 'disabled',
 *            reprovisionPolicy: {updateHubAssignment: boolean, migrateDeviceData: boolean},
 *            createdDateTimeUtc: string, lastUpdatedDateTimeUtc: string, etag: string}}
 *   Enrollment
 */

/** The enrollments of one kind. */
export class Enrollments {
  #idName;
  #records;
  /** @type {Map<string, Enrollment>} */
  #enrollments = new Map();

  /**
   * @param {'registrationId' | 'enrollmentGroupId'} idName what they are known by
   * @param {import('../store.js').Records} records
   */
  constructor(idName, records) {
    this.#idName = idName;
    this.#records = records;
  }

  /** @param {import('../server.js').Hub['store']} store */
  static async open(store, idName, scope) {
    const enrollments = new Enrollments(idName, store.scope(scope));
    for await (const [key, value] of store.entries(scope)) enrollments.#enrollments.set(key, value);
    return enrollments;
  }

  get all() {
    return [...this.#enrollments.values()];
  }

  /** @returns {Enrollment | undefined} */
  find(id) {
    return this.#enrollments.get(keyOf(id));
  }

  /** @returns {Enrollment} */
  get(id) {
    const enrollment = this.find(id);
    if (enrollment) return enrollment;
    throw new HubError('EnrollmentNotFound', `There is no enrollment "${id}".`);
  }

  /**
   * Creates an enrollment, or with an etag replaces the one with this etag.
   * @param {Record<string, any>} wanted
   * @param {string} [etag] `*` for any
   * @returns {Enrollment}
   */
  put(wanted, etag) {
    const id = wanted[this.#idName];
    checkId(id, this.#idName);
    const present = this.find(id);
    if (present && etag === undefined) {
      throw new HubError('EnrollmentConflict', `There is already an enrollment "${id}".`);
    }
    if (etag !== undefined) checkEtag(etag, this.get(id).etag);
    const now = timestamp();
    const enrollment = {
      ...this.#complete(wanted, present),
      createdDateTimeUtc: present?.createdDateTimeUtc ?? now,
      lastUpdatedDateTimeUtc: now,
      etag: newEtag(),
    };
    this.#enrollments.set(keyOf(id), enrollment);
    this.#records.put(keyOf(id), enrollment);
    return enrollment;
  }

  /**
   * Creates an enrollment if it is missing; an existing one gets the given members.
   * @param {string | Record<string, any>} wanted
   * @returns {Enrollment}
   */
  ensure(wanted) {
    const record = typeof wanted === 'string' ? { [this.#idName]: wanted } : wanted;
    const present = this.find(record[this.#idName]);
    if (!present) return this.put(record);
    return Object.keys(record).length > 1 ? this.put(record, '*') : present;
  }

  /** @param {Enrollment[]} wanted */
  replaceAll(wanted) {
    for (const each of this.all) this.delete(each[this.#idName]);
    for (const each of wanted) this.put(each);
  }

  /** @param {string} [etag] `*` for any */
  delete(id, etag) {
    checkEtag(etag, this.get(id).etag);
    this.#enrollments.delete(keyOf(id));
    this.#records.delete(keyOf(id));
  }

  /**
   * The enrollment with everything that the service would fill in; missing keys are kept from the
   * previous one, or created.
   * @param {Record<string, any>} wanted
   * @param {Enrollment} [present]
   * @returns {any}
   */
  #complete({ etag, registrationState, ...wanted }, present) {
    const attestation = wanted.attestation ?? present?.attestation;
    return {
      provisioningStatus: 'enabled',
      allocationPolicy: 'hashed',
      ...wanted,
      capabilities: { iotEdge: false, ...wanted.capabilities },
      reprovisionPolicy: {
        updateHubAssignment: true,
        migrateDeviceData: true,
        ...wanted.reprovisionPolicy,
      },
      attestation:
        attestation?.type === 'x509'
          ? { type: 'x509', x509: completeCertificates(attestation.x509, this.#idName) }
          : { type: 'symmetricKey', symmetricKey: completeKeys(attestation, present) },
    };
  }
}

function checkId(id, name) {
  if (typeof id === 'string' && ID.test(id)) return;
  throw new HubError(
    'ArgumentInvalid',
    `"${id}" is not a valid ${name}: 1 to 128 of A-Z a-z 0-9 - . _ : with a letter, digit or dash at the end`,
  );
}

/**
 * @param {{symmetricKey?: Record<string, any>}} [attestation]
 * @param {Enrollment} [present]
 */
function completeKeys(attestation, present) {
  const { primaryKey, secondaryKey } = attestation?.symmetricKey ?? {};
  const before = present?.attestation.symmetricKey;
  return {
    primaryKey: primaryKey || before?.primaryKey || newKey(),
    secondaryKey: secondaryKey || before?.secondaryKey || newKey(),
  };
}

/** Group keys of the service have 64 bytes. */
const newKey = () => randomBytes(64).toString('base64');
