// A program may hold this package twice, such as two versions in its node_modules. Each has classes
// of its own, and what is made with one is passed to the other.

const KIND = Symbol.for('iothub-device-client');

/**
 * Has `instanceof` know the objects of other copies, too. Their public fields are the same.
 * @param {Function} type
 * @param {string} name
 */
export function knowCopies(type, name) {
  Object.defineProperty(type.prototype, KIND, { value: name });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(object) {
      // Not for the classes that users derive.
      if (this !== type) return Function.prototype[Symbol.hasInstance].call(this, object);
      return object?.[KIND] === name;
    },
  });
}
