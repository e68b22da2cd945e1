/** The text of a scene, as the user types it. */
import { findNodeAtLocation } from 'jsonc-parser';

import { parseJson, placeOf } from '../../simulator/src/json-text.js';
import { MAX_LENGTH } from '../../simulator/src/limits.js';

/**
 * The scene in a text, or its mistakes.
 *
 * @typedef {object} TextMistake
 * @property {string} path such as `kinds[0].count`; empty for one in the JSON itself
 * @property {string} message
 * @property {number} line from 1
 * @property {number} from where it begins in the text
 * @property {number} to
 *
 * @param {string} text
 * @param {(value: unknown) => Promise<import('../../simulator/src/scene.js').Mistake[]>} mistakesIn
 *   returns the mistakes in a value
 * @returns {Promise<{value?: any, mistakes: TextMistake[]}>}
 */
export async function readSceneText(text, mistakesIn) {
  if (new Blob([text]).size > MAX_LENGTH) {
    const message = `longer than ${MAX_LENGTH} bytes`;
    return { mistakes: [{ path: '', message, line: 1, from: 0, to: 0 }] };
  }
  const { tree, error } = parseJson(text);
  if (error) {
    const { mistake, offset } = error;
    const { line } = placeOf(text, offset);
    return { mistakes: [{ path: '', message: mistake, line, from: offset, to: offset + 1 }] };
  }
  const value = JSON.parse(text);
  const mistakes = await mistakesIn(value);
  return {
    value,
    mistakes: mistakes.map(({ path, message }) => {
      const { offset, length } = nodeAt(tree, path);
      const { line } = placeOf(text, offset);
      return { path: pathText(path), message, line, from: offset, to: offset + length };
    }),
  };
}

/** The value at a path, with its name; if it is missing, the value that should contain it. */
function nodeAt(tree, path) {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node) return node.parent.type === 'property' ? node.parent : node;
  }
  return tree;
}

function pathText(path) {
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return parts.join('').replace(/^\./, '');
}
