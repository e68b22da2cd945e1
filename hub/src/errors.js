import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** HTTP status and inner code of each error that the hub returns. */
const ERRORS = {
  InvalidProtocolVersion: [400, 400001],
  ArgumentInvalid: [400, 400004],
  DefaultStorageEndpointNotConfigured: [400, 400014],
  InvalidFileUploadCorrelationId: [400, 400015],
  ExpiredFileUploadCorrelationId: [400, 400016],
  RegistrationUnauthorized: [401, 401000],
  RegistrationCertificateInvalid: [401, 401002],
  IotHubUnauthorizedAccess: [401, 401002],
  IotHubUnauthorized: [401, 401003],
  DeviceMaximumQueueDepthExceeded: [403, 403004],
  DeviceMaximumActiveFileUploadLimitExceeded: [403, 403006],
  NotFound: [404, 404000],
  DeviceNotFound: [404, 404001],
  ModuleNotFound: [404, 404010],
  DeviceNotOnline: [404, 404103],
  EnrollmentNotFound: [404, 404201],
  RegistrationNotFound: [404, 404202],
  DeviceAlreadyExists: [409, 409001],
  EnrollmentConflict: [409, 409201],
  ModuleAlreadyExistsOnDevice: [409, 409301],
  PreconditionFailed: [412, 412001],
  DeviceMessageLockLost: [412, 412002],
  MessageTooLarge: [413, 413001],
  TooManyModulesOnDevice: [413, 413003],
  ThrottlingException: [429, 429001],
  ServerError: [500, 500001],
  BadDeviceResponse: [502, 502101],
  ServiceUnavailable: [503, 503001],
  GatewayTimeout: [504, 504101],
};

const newTrackingId = (now) =>
  `${randomUUID().replaceAll('-', '').toUpperCase()}-G:0-TimeStamp:${now}`;

/** An error response to a back end, or to a device's twin request. */
export class HubError extends Error {
  /**
   * @param {keyof typeof ERRORS} code
   * @param {string} message
   * @param {object} [info] further members of the service's error body
   */
  constructor(code, message, info) {
    super(message);
    this.name = 'HubError';
    this.code = code;
    const [status, errorCode] = ERRORS[code];
    this.status = status;
    this.errorCode = errorCode;
    this.info = info;
  }

  /** An error with any status, for injected faults. */
  static ofStatus(status, message) {
    const error = new HubError('ServerError', message);
    const code = (STATUS_CODES[status] ?? 'Unknown').replaceAll(/\W/g, '');
    return Object.assign(error, { code, status, errorCode: status * 1000 + 1 });
  }

  /** The body that devices get. */
  toDeviceBody() {
    const now = new Date().toISOString();
    return {
      errorCode: this.errorCode,
      trackingId: newTrackingId(now),
      message: this.message,
      ...(this.info && { info: this.info }),
      timestampUtc: now,
    };
  }

  /** The body of most HTTP errors: the device's body as a string in another object. */
  toHttpBody() {
    return { Message: JSON.stringify(this.toDeviceBody()), ExceptionMessage: '' };
  }

  /** The body of errors of registry and twins, in which clients look for the code. */
  toServiceBody() {
    const { code, status, message } = this;
    return {
      Message: `ErrorCode:${code};${STATUS_CODES[status]?.replaceAll(' ', '') ?? 'Error'}`,
      ExceptionMessage: `${message} Tracking ID:${newTrackingId(new Date().toISOString())}`,
    };
  }
}

/**
 * A protocol violation by a device. MQTT 3.1.1 has no packet for this: the hub closes the
 * connection, and only its log says why.
 */
export class ProtocolViolation extends Error {}
