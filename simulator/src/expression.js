/**
 * Expressions over the values of a device: `battery < 20 && !charging`.
 *
 * jsep parses them. They are evaluated here, because anyone can share a scene by a link: an
 * expression can only read members of plain data and call the functions below. No text becomes
 * code, so a page needs no `unsafe-eval`.
 */
import jsep from 'jsep';

import { memberOf } from './twin.js';

/** No real expression is nested this deeply; deeper ones could overflow the stack. */
const MAX_LENGTH = 1000;

const round = (value, decimals = 0) => Math.round(value * 10 ** decimals) / 10 ** decimals;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The functions: the minimum and maximum number of arguments, and the implementation. */
const FUNCTIONS = {
  abs: [1, 1, Math.abs],
  ceil: [1, 1, Math.ceil],
  clamp: [3, 3, clamp],
  cos: [1, 1, Math.cos],
  floor: [1, 1, Math.floor],
  max: [1, Infinity, Math.max],
  min: [1, Infinity, Math.min],
  round: [1, 2, round],
  sin: [1, 1, Math.sin],
  sqrt: [1, 1, Math.sqrt],
  /** Approaches a target by at most a step. */
  toward: [3, 3, (value, target, step) => value + clamp(target - value, -step, step)],
};

const BINARY = {
  // Strings are joined in templates: here, one could double with each step.
  '+': (one, other) => Number(one) + Number(other),
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
  '%': (one, other) => one % other,
  '**': (one, other) => one ** other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
};

/** These evaluate their right side only if they need it. */
const LOGICAL = {
  '&&': (one, other) => one && other(),
  '||': (one, other) => one || other(),
  '??': (one, other) => one ?? other(),
};

const UNARY = { '-': (value) => -value, '+': (value) => +value, '!': (value) => !value };

const FUNCTION_NAMES = [...Object.keys(FUNCTIONS), 'random'].sort();

/**
 * Reads an expression.
 * @param {string} source
 * @param {(name: string) => ((context: object) => unknown) | undefined} find returns what reads the
 *   value of a name; `undefined` for an unknown name
 * @param {string[]} known the names, for the message of an error
 * @returns {import('./generators.js').Begin} its values are JSON; if one cannot be calculated, it
 *   is `null`
 */
export function readExpression(source, find, known) {
  const evaluate = compile(parse(source), (name) => {
    const read = find(name);
    if (read) return read;
    throw new Error(`there is no "${name}"; the names are ${known.join(', ')}`);
  });
  return (random) => (context) => {
    const value = evaluate(context, random);
    return value === undefined || (typeof value === 'number' && !Number.isFinite(value))
      ? null
      : value;
  };
}

function parse(source) {
  if (source.trim() === '') throw new Error('the expression is empty');
  if (source.length > MAX_LENGTH) throw new Error(`it has more than ${MAX_LENGTH} characters`);
  try {
    return jsep(source);
  } catch (error) {
    const { description, index } = error;
    throw new Error(`${description} at character ${index + 1} of the expression`, { cause: error });
  }
}

/** @returns {(context: object, random: () => number) => unknown} */
function compile(node, find) {
  const inner = (part) => compile(part, find);
  switch (node.type) {
    case 'Literal':
      return () => node.value;
    case 'Identifier':
      return find(node.name);
    case 'MemberExpression': {
      const object = inner(node.object);
      const name = node.computed ? inner(node.property) : () => node.property.name;
      return (...at) => memberOf(object(...at), plain(name(...at)));
    }
    case 'UnaryExpression': {
      const calculate = operator(UNARY, node);
      const argument = inner(node.argument);
      return (...at) => calculate(plain(argument(...at)));
    }
    case 'BinaryExpression': {
      const [left, right] = [inner(node.left), inner(node.right)];
      if (Object.hasOwn(LOGICAL, node.operator)) {
        return (...at) => LOGICAL[node.operator](left(...at), () => right(...at));
      }
      const calculate = operator(BINARY, node);
      return (...at) => calculate(plain(left(...at)), plain(right(...at)));
    }
    case 'ConditionalExpression': {
      const [test, yes, no] = [node.test, node.consequent, node.alternate].map(inner);
      return (...at) => (test(...at) ? yes(...at) : no(...at));
    }
    case 'CallExpression':
      return compileCall(node, inner);
    case 'Compound':
      throw new Error('more than one expression: an operator is missing between two of them');
    default:
      throw new Error('an expression can contain only values, operators and functions');
  }
}

function compileCall({ callee, arguments: parts }, inner) {
  const { name } = callee;
  if (name === 'random' && parts.length === 0) return (_, random) => random();
  if (callee.type !== 'Identifier' || !Object.hasOwn(FUNCTIONS, name)) {
    const what = name === undefined ? 'only functions can be called' : `no function "${name}()"`;
    throw new Error(`${what}; the functions are ${FUNCTION_NAMES.join(', ')}`);
  }
  const [least, most, calculate] = FUNCTIONS[name];
  if (parts.length < least || parts.length > most) {
    throw new Error(`${name}() takes ${countOf(least, most)}, not ${parts.length}`);
  }
  const args = parts.map(inner);
  return (...at) => calculate(...args.map((arg) => plain(arg(...at))));
}

function countOf(least, most) {
  if (most === Infinity) return `${least} or more arguments`;
  return least === most ? `${least} arguments` : `${least} to ${most} arguments`;
}

function operator(known, node) {
  if (Object.hasOwn(known, node.operator)) return known[node.operator];
  throw new Error(`there is no operator ${node.operator}`);
}

/** Objects are not operands: converting them could run code. */
const plain = (value) => (typeof value === 'object' ? (value === null ? null : NaN) : value);
