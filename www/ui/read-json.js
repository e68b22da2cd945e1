import { checkNumber, MAX_DEPTH, tooDeepAt } from '../../simulator/src/limits.js';

/**
 * The JSON value of a text, or the mistake in it: a number that would be sent as `null` is one,
 * too.
 * @param {string} text
 * @param {'object' | 'any'} wanted
 * @returns {{value?: any, error?: Error}}
 */
export function readJson(text, wanted = 'any') {
  if (tooDeepAt(text) >= 0) return { error: new Error(`Nested deeper than ${MAX_DEPTH} levels.`) };
  try {
    const value = JSON.parse(text, (_, part) => {
      checkNumber(part);
      return part;
    });
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (wanted === 'any' || isObject) return { value };
    return { error: new Error('Enter a JSON object: { … }.') };
  } catch ({ name, message }) {
    const isSyntax = name === 'SyntaxError';
    return { error: new Error(`${isSyntax ? 'Not valid JSON' : 'Cannot be sent'}: ${message}`) };
  }
}
