import { HubError } from '../errors.js';
import { assign } from './assignment.js';
import { attest } from './attestation.js';
import { Enrollments } from './enrollments.js';
import { LinkedHub } from './linked-hub.js';
import { Registrant } from './registrant.js';
import { keyOf, Registrations } from './registrations.js';

/** The first api-version that issues certificates. */
const CSR_VERSION = '2025-07-01-preview';
/** The response if nothing more is known about the failure. */
const FAILURE_CODE = 400000;
const MAX_MESSAGE = 96 * 1024;

/**
 * The response to a request; `retryAfter` is in seconds.
 * @typedef {{status: number, retryAfter?: number, body: unknown}} Answer
 */

/** The Device Provisioning Service of a hub. */
export class ProvisioningService {
  /** @type {string} */
  idScope;
  /** @type {Enrollments} of single devices */
  enrollments;
  /** @type {Enrollments} of groups */
  groups;
  /** @type {Registrations} */
  registrations;
  /** @type {LinkedHub[]} */
  hubs;
  #hub;
  /** @type {Map<string, Registrant>} */
  #registrants = new Map();

  /** The initial enrollments, with their keys. */
  #first;

  constructor(hub) {
    this.#hub = hub;
  }

  /**
   * @param {Omit<import('../server.js').Hub, 'provisioning' | 'devices'>} hub
   * @param {import('../server.js').ProvisioningOptions} options
   */
  static async open(hub, { idScope, enrollments, enrollmentGroups, linkedHubs }) {
    const { store } = hub;
    const service = new ProvisioningService(hub);
    service.idScope = idScope;
    service.enrollments = await Enrollments.open(store, 'registrationId', 'enrollments/');
    service.groups = await Enrollments.open(store, 'enrollmentGroupId', 'enrollmentGroups/');
    service.registrations = await Registrations.open(store);
    service.hubs = [ownHub(hub), ...linkedHubs.map(LinkedHub.to)];
    service.#first = {
      enrollments: enrollments.map((each) => service.enrollments.ensure(each)),
      groups: enrollmentGroups.map((each) => service.groups.ensure(each)),
    };
    return service;
  }

  /** Removes everything except the initial enrollments. */
  reset() {
    for (const { connection } of this.#registrants.values()) connection?.close('the hub was reset');
    this.#registrants.clear();
    this.registrations.clear();
    this.enrollments.replaceAll(this.#first.enrollments);
    this.groups.replaceAll(this.#first.groups);
  }

  /** After how many seconds clients should poll again. */
  get retryAfter() {
    return this.#hub.settings.registrationRetryAfter;
  }

  /** @returns {Registrant} that of the id, known or not: faults may wait for it */
  registrant(registrationId) {
    const key = keyOf(registrationId);
    let registrant = this.#registrants.get(key);
    if (!registrant) {
      registrant = new Registrant(registrationId, this, this.#hub.budgets.packets);
      this.#registrants.set(key, registrant);
    }
    return registrant;
  }

  /**
   * Begins a registration.
   * @param {Registrant} registrant
   * @param {any} request the body, as JSON
   * @returns {Answer}
   */
  register(registrant, request) {
    checkRequest(request, registrant.registrationId);
    const attested = attest(registrant, registrant.credentials, this);
    const { csr, payload } = request;
    const publicKey = csr == null ? undefined : this.#requestedKey(csr, registrant);
    const operation = registrant.begin();
    this.#run(operation, registrant, { ...attested, payload: payload ?? undefined, publicKey });
    return this.#unfinished({ operationId: operation.operationId, status: 'assigning' });
  }

  /**
   * Returns the state of a registration.
   * @param {Registrant} registrant
   * @param {string | undefined} operationId
   * @returns {Answer}
   */
  poll(registrant, operationId) {
    const operation = registrant.operation(operationId);
    if (!operation) {
      throw new HubError('RegistrationNotFound', `There is no operation "${operationId}".`);
    }
    const { state } = operation;
    const body = { operationId, status: state.status, registrationState: state };
    return state.status === 'assigning' ? this.#unfinished(body) : { status: 200, body };
  }

  #unfinished(body) {
    return { status: 202, retryAfter: this.retryAfter, body };
  }

  /** The key for which the client requests a certificate. */
  #requestedKey(csr, { registrationId, connection }) {
    if ((connection?.apiVersion ?? '') < CSR_VERSION) {
      throw new HubError('ArgumentInvalid', `A csr requires api-version ${CSR_VERSION} or later.`);
    }
    const { authority } = this.#hub;
    if (!authority) {
      throw new HubError('ArgumentInvalid', 'A hub without TLS issues no certificates.');
    }
    return authority.readRequest(csr, registrationId);
  }

  /** Operations run one after the other, because each depends on the result of the previous one. */
  #run(operation, registrant, accepted) {
    registrant.running = registrant.running.then(async () => {
      operation.state = await this.#assign(operation.state, registrant, accepted);
    });
  }

  /** @returns {Promise<import('./registrations.js').RegistrationState>} */
  async #assign(state, { registrationId, faults }, accepted) {
    const { enrollment, publicKey, payload } = accepted;
    if (faults.outcome === 'assigning') return state;
    if (faults.outcome)
      return endOf(registrationId, faults.outcome, 'Because of an injected fault.');
    if (enrollment.provisioningStatus === 'disabled') return endOf(registrationId, 'disabled');
    const previous = this.registrations.find(registrationId);
    try {
      const { hubs } = this;
      const authentication = publicKey ? { type: 'certificateAuthority' } : accepted.authentication;
      const wanted = { enrollment, authentication, payload, registrationId, previous, hubs };
      const assigned = this.registrations.put(await assign(wanted));
      this.#hub.log(`${registrationId}: assigned to ${assigned.assignedHub}`);
      if (!publicKey) return assigned;
      const { authority } = this.#hub;
      return {
        ...assigned,
        issuedCertificateChain: authority.issueForKey(assigned.deviceId, publicKey),
      };
    } catch (error) {
      this.#hub.log(`${registrationId}: not assigned, ${error.message}`);
      return endOf(registrationId, 'failed', error.message, error.errorCode);
    }
  }
}

/** The hub that the service belongs to. */
function ownHub({ hostname, policies, endpoints }) {
  const policyName = 'iothubowner';
  const { primaryKey: key } = policies[policyName];
  return new LinkedHub({ hostname, policyName, key, endpoints });
}

/**
 * @param {string} registrationId
 * @param {string} status
 * @param {string} [errorMessage]
 * @param {number} [errorCode]
 * @returns {import('./registrations.js').RegistrationState} of a registration that assigns no hub
 */
function endOf(registrationId, status, errorMessage, errorCode = FAILURE_CODE) {
  const failure = status === 'failed' ? { errorCode, errorMessage } : {};
  return { registrationId, status, ...failure };
}

function checkRequest(request, registrationId) {
  const wrong = (reason) => new HubError('ArgumentInvalid', reason);
  if (!isObject(request)) throw wrong('The body is not a JSON object.');
  const { registrationId: id, payload } = request;
  if (id != null && (typeof id !== 'string' || keyOf(id) !== keyOf(registrationId))) {
    throw wrong(`registrationId in the body is not "${registrationId}".`);
  }
  if (payload != null && !isObject(payload)) throw wrong('The payload is not a JSON object.');
  if (JSON.stringify(request).length > MAX_MESSAGE) throw wrong('The body exceeds 96 KB.');
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
