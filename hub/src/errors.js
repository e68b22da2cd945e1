import { randomUUID } from 'node:crypto';

/** HTTP status and inner code of each error that the hub answers with. */
const ERRORS = {
  ArgumentInvalid: [400, 400004],
  DeviceMaximumQueueDepthExceeded: [403, 403004],
  NotFound: [404, 404000],
  DeviceNotFound: [404, 404001],
  DeviceNotOnline: [404, 404103],
  DeviceAlreadyExists: [409, 409001],
  PreconditionFailed: [412, 412001],
  MessageTooLarge: [413, 413001],
  ServerError: [500, 500001],
  BadDeviceResponse: [502, 502101],
  GatewayTimeout: [504, 504101],
};

/** An error that a back end, or a device's twin request, gets as an answer. */
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
    [this.status, this.errorCode] = ERRORS[code];
    this.info = info;
  }

  /** The body that devices get. */
  toDeviceBody() {
    const now = new Date().toISOString();
    return {
      errorCode: this.errorCode,
      trackingId: `${randomUUID().replaceAll('-', '').toUpperCase()}-G:0-TimeStamp:${now}`,
      message: this.message,
      ...(this.info && { info: this.info }),
      timestampUtc: now,
    };
  }

  /** The body that back ends get: the device's body as text inside of another object. */
  toServiceBody() {
    return { Message: JSON.stringify(this.toDeviceBody()), ExceptionMessage: '' };
  }
}

/**
 * Something that a device must not do. MQTT 3.1.1 has no packet to say so: the hub closes the
 * connection, and only its log tells why.
 */
export class ProtocolViolation extends Error {}
