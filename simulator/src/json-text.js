/** Parses JSON that a user types, with the place of a mistake. */
import { parseTree, printParseErrorCode } from 'jsonc-parser';

import { MAX_DEPTH, tooDeepAt } from './limits.js';

/** The parser's errors, in words. */
const mistakes = {
  InvalidSymbol: 'not valid JSON: text needs double quotes',
  InvalidNumberFormat: 'not a JSON number',
  PropertyNameExpected: 'expected the name of a property in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected a colon',
  CommaExpected: 'expected a comma',
  CloseBraceExpected: 'expected a }',
  CloseBracketExpected: 'expected a ]',
  EndOfFileExpected: 'expected nothing after the end of the JSON',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'this text has no closing quote',
  InvalidUnicode: 'this escape is not a character',
  InvalidEscapeCharacter: 'JSON has no such escape',
  InvalidCharacter: 'this character must be escaped',
};

/**
 * @param {string} text
 * @returns {{tree: import('jsonc-parser').Node, error?: undefined} |
 *           {tree?: undefined, error: {mistake: string, offset: number}}}
 */
export function parseJson(text) {
  const deep = tooDeepAt(text);
  if (deep >= 0)
    return { error: { mistake: `nested deeper than ${MAX_DEPTH} levels`, offset: deep } };
  const errors = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  if (errors.length === 0 && tree) return { tree };
  const { error, offset } = errors[0] ?? { offset: text.length };
  const mistake = mistakes[printParseErrorCode(error)] ?? mistakes.ValueExpected;
  return { error: { mistake, offset } };
}

/** The line and column of an offset, which count from 1. */
export function placeOf(text, offset) {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: lines.at(-1).length + 1 };
}
