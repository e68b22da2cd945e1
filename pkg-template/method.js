/** A call of a direct method. */
export class MethodRequest {
  constructor(requestId, name, payload) {
    this.requestId = requestId;
    this.name = name;
    this.payload = payload;
    Object.freeze(this);
  }
}

/** The answer to a call of a direct method. */
export class MethodResponse {
  constructor(requestId, status, payload) {
    if (typeof requestId !== 'string' || requestId === '') {
      throw new TypeError('the requestId of a method response must be that of its request');
    }
    if (!Number.isInteger(status) || Math.abs(status) >= 2 ** 31) {
      throw new TypeError('the status of a method response must be a 32-bit whole number');
    }
    this.requestId = requestId;
    this.status = status;
    this.payload = payload;
  }

  static createFromMethodRequest(request, status, payload) {
    return makeResponse(request.requestId, status, payload);
  }
}

/** esbuild renames a class that names itself, and users would see the other name. */
function makeResponse(...values) {
  return new MethodResponse(...values);
}

/**
 * What crosses to the core. The user may have changed the fields since.
 * @param {MethodResponse} response
 * @param {string} [json] its payload
 */
export function encodeResponse({ requestId, status }, json = 'null') {
  if (typeof requestId !== 'string' || !Number.isInteger(status)) {
    throw new TypeError(
      'a method response needs the requestId of its request and a whole number as status',
    );
  }
  const inRange = Math.max(-(2 ** 31), Math.min(status, 2 ** 31 - 1));
  return { requestId, status: inRange, payload: json };
}
