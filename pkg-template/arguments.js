// Checks what users pass to calls. The core checks the options of the factories.

/**
 * The options of a call.
 * @param {any} options of the user
 * @param {string[]} names of the options that exist
 * @returns {Record<string, any>}
 * @throws {TypeError} names an unknown option
 */
export function optionsOf(options, ...names) {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object') throw new TypeError('the options must be an object');
  if (typeof options.aborted === 'boolean') {
    throw new TypeError('the options must be an object, such as { signal }, not the signal itself');
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      const known = names.join(', ');
      throw new TypeError(`${name} is not an option here; the options are ${known}`);
    }
  }
  return options;
}

/**
 * The `signal` of a call, which takes no other option.
 * @returns {AbortSignal | undefined}
 */
export const signalOf = (options) => signalIn(optionsOf(options, 'signal'));

/**
 * The `signal` among the options of a call.
 * @param {Record<string, any>} options
 * @returns {AbortSignal | undefined}
 */
export function signalIn({ signal }) {
  // A signal of another realm, such as a frame, is not an instance of this realm's class. Signals
  // of old libraries have neither `reason` nor `throwIfAborted`.
  if (signal !== undefined && !(signal?.throwIfAborted && signal.addEventListener)) {
    throw new TypeError('signal must be an AbortSignal of the platform');
  }
  return signal;
}

/**
 * @param {'string' | 'boolean' | 'function' | 'number'} type
 * @param {Record<string, unknown>} values by their names in the error
 * @throws {TypeError} names the first argument of a wrong type
 */
export function mustBe(type, values) {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== type) throw new TypeError(`${name} must be a ${type}`);
  }
}

/**
 * @param {Record<string, unknown>} values by their names in the error
 * @throws {TypeError} names the first argument that is not a string; most come from the environment
 */
export function mustBeText(values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') {
      const what = value === undefined ? 'undefined' : 'empty';
      throw new TypeError(
        `${name} must be a string, and is ${what}; ` +
          'if it comes from an environment variable, set that',
      );
    }
  }
  mustBe('string', values);
}

/** @throws {TypeError} if `this` is a Proxy, which has no private fields, or undefined */
export function mustBeOwn(isOwn) {
  if (isOwn) return;
  throw new TypeError(
    'this was called on a Proxy, or on nothing: call it on the object itself; ' +
      'in Vue see markRaw, shallowRef, toRaw',
  );
}
