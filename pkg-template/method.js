import { knowCopies } from './copies.js';
import { jsonOf } from './json.js';

/** A direct method call. */
export class MethodRequest {
  constructor(requestId, name, payload) {
    this.requestId = requestId;
    this.name = name;
    this.payload = payload;
    Object.freeze(this);
  }
}

/** The response to a direct method call. */
export class MethodResponse {
  constructor(requestId, status, payload) {
    check(requestId, status);
    this.requestId = requestId;
    this.status = status;
    this.payload = payload;
  }

  static createFromMethodRequest(request, status, payload) {
    return new MethodResponse(request?.requestId, status, payload);
  }
}

knowCopies(MethodResponse, 'MethodResponse');

/**
 * What crosses to the core. Checks the fields again, since the user may have changed them.
 * @param {MethodResponse} response
 */
export function encodeResponse({ requestId, status, payload }) {
  check(requestId, status);
  const json = payload === undefined ? 'null' : jsonOf(payload, 'the payload of a response');
  return { requestId, status, json };
}

function check(requestId, status) {
  if (typeof requestId !== 'string' || requestId === '') {
    throw new TypeError('the requestId of a method response must be that of its request');
  }
  if (!Number.isInteger(status) || status !== (status | 0)) {
    throw new TypeError('the status of a method response must be a 32-bit whole number');
  }
}
