/**
 * The value of a text that is exactly what `JSON.stringify` makes of it; `undefined` for any other,
 * such as a number beyond a double: that is sent as the text that it is.
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
