// What users pass to calls. The options of the factories are the core's to check.

/**
 * The `signal` among the options of a call.
 * @returns {AbortSignal | undefined}
 */
export function signalOf(options) {
  const signal = options?.signal;
  // One of another realm, such as that of a frame, is no instance of this realm's class.
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return signal;
}

/**
 * @param {'string' | 'boolean' | 'function' | 'number'} type
 * @param {Record<string, unknown>} values by what they are called in the error
 * @throws {TypeError} names the first that is of another type
 */
export function mustBe(type, values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== type) throw new TypeError(`${name} must be a ${type}`);
  }
}
