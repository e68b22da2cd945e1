/**
 * The value of a text that `JSON.stringify` would return unchanged; `undefined` for any other, such
 * as one with a number beyond a double, which is sent as text.
 * @returns {{value: unknown} | undefined}
 */
export function asJson(text) {
  try {
    const value = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null;
    return isObject && JSON.stringify(value) === text ? { value } : undefined;
  } catch {
    return undefined;
  }
}
