// A program may contain this package twice, such as two versions in node_modules. Each copy has its
// own classes, and objects created with one are passed to the other.

const KIND = Symbol.for('iothub-device-client');

/**
 * Makes `instanceof` recognize the objects of other copies, too. Their public fields are the same.
 * @param {Function} type
 * @param {string} name
 */
export function knowCopies(type, name) {
  Object.defineProperty(type.prototype, KIND, { value: name });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(object) {
      // Not for classes that users derive.
      if (this !== type) return Function.prototype[Symbol.hasInstance].call(this, object);
      return object?.[KIND] === name;
    },
  });
}
