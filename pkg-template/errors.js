// The error classes. The messages come from one place, the core.

/** Wrong use of the client, a hub that breaks the protocol, or the base of a connection's errors. */
export class ClientError extends Error {}
/** No connection could be made. */
export class ConnectionFailedError extends ClientError {}
/** A connection was lost. */
export class ConnectionDroppedError extends ClientError {}
/** There is no connection, and `autoConnect` is off. */
export class NoConnectionError extends ClientError {}
/** The hub refused the credentials, or they have expired. */
export class CredentialError extends ClientError {}
/** `disconnect()` or `shutdown()` was called before the operation ended. */
export class OperationCancelled extends Error {}
/** There was no response in time. */
export class OperationTimeout extends Error {}

/** The hub, or the provisioning service, responded with an error status. */
export class ServiceError extends Error {
  /** @type {number} */
  status;
  /** @type {string | undefined} */
  code;

  /**
   * @param {string} message
   * @param {{ status: number, code?: string, trackingId?: string, result?: object, cause?: unknown }} details
   */
  constructor(message, { status, code, trackingId, result, ...options }) {
    super(message, options);
    this.status = status;
    this.code = code;
    // Only the provisioning service sends these.
    if (trackingId !== undefined) this.trackingId = trackingId;
    if (result !== undefined) this.result = result;
  }
}

const ownClasses = {
  ClientError,
  ConnectionFailedError,
  ConnectionDroppedError,
  NoConnectionError,
  CredentialError,
  OperationCancelled,
  OperationTimeout,
  ServiceError,
};

/** The names by which the core refers to the classes, in `src/bridge/names.rs`. */
const classes = { ...ownClasses, TypeError, RangeError };

keepNames(ownClasses);
for (const [value, { prototype }] of Object.entries(ownClasses)) {
  Object.defineProperty(prototype, 'name', { value, configurable: true, writable: true });
}

/**
 * Minifiers rename classes; this keeps the names that users see.
 * @param {Record<string, object>} classes
 */
export function keepNames(classes) {
  for (const [value, type] of Object.entries(classes)) {
    Object.defineProperty(type, 'name', { value, configurable: true });
  }
}

/**
 * Creates an error for the core.
 * @param {keyof typeof classes} className
 * @param {string} message
 * @param {unknown} cause
 * @param {number} [status]
 * @param {string} [code]
 * @param {string} [trackingId]
 * @param {string} [json] the result of a registration
 */
export function createError(className, message, cause, status, code, trackingId, json) {
  const options = cause === undefined ? {} : { cause };
  const result = json && JSON.parse(json);
  const details = { ...options, status, code, trackingId, result };
  return new /** @type {any} */ (classes[className])(message, details);
}
