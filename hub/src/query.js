import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { HubError } from './errors.js';
import { isObject } from './twin-values.js';

const GRAMMAR = new URL('query-language.peggy', import.meta.url);
const SUPPORTED =
  'SELECT [TOP n] * or properties, COUNT(), AVG, SUM, MIN, MAX with AS; FROM devices, ' +
  'devices.modules, enrollments or enrollmentGroups; WHERE with = != <> < > <= >=, AND, OR, NOT, IN, NIN, IS_DEFINED, STARTSWITH, ' +
  'ENDSWITH; GROUP BY';

let parser;

/** Loaded on demand: most hubs are never queried, and start faster without it. */
async function createParser() {
  const { default: peggy } = await import('peggy');
  return peggy.generate(await readFile(GRAMMAR, 'utf8'));
}

/**
 * Parses a statement in IoT Hub's query language.
 * @param {string} text
 */
export async function parseQuery(text) {
  parser ??= await createParser();
  try {
    return parser.parse(text);
  } catch (error) {
    if (!error.location) throw error;
    const { offset } = error.location.start;
    const rest = text.slice(offset, offset + 20) || 'its end';
    throw new HubError(
      'ArgumentInvalid',
      `The query cannot be parsed from character ${offset + 1} on (${rest}). ` +
        `The local hub supports ${SUPPORTED}.`,
    );
  }
}

/**
 * Runs a query.
 * @param {Awaited<ReturnType<typeof parseQuery>>} query
 * @param {object[]} documents twins or enrollments, as back ends see them
 */
export function runQuery({ top, columns, where, groupBy }, documents) {
  const found = documents.filter((each) => !where || evaluate(where, each) === true);
  const rows = columns === '*' ? found : project(columns, groupBy, found);
  return top === null ? rows : rows.slice(0, top);
}

function project(columns, groupBy, twins) {
  const isGrouped = groupBy || columns.some(({ type }) => type !== 'path');
  const groups = isGrouped ? groupsOf(groupBy ?? [], twins) : twins.map((twin) => [twin]);
  return groups.map((group) => {
    const entries = columns.map((column, index) => [
      column.alias ?? column.names?.at(-1) ?? `$${index + 1}`,
      column.type === 'path' ? evaluate(column, group[0]) : aggregate(column, group),
    ]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
}

/** Without GROUP BY there is one group, which may be empty. */
function groupsOf(paths, twins) {
  if (paths.length === 0) return [twins];
  const groups = new Map();
  for (const twin of twins) {
    const key = JSON.stringify(paths.map((path) => evaluate(path, twin)));
    groups.set(key, [...(groups.get(key) ?? []), twin]);
  }
  return [...groups.values()];
}

function aggregate({ type, of }, twins) {
  if (type === 'count' && !of) return twins.length;
  const values = twins.map((twin) => of && evaluate(of, twin)).filter((v) => v !== undefined);
  if (type === 'count') return values.length;
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, number) => total + number, 0);
  return { sum, avg: sum / numbers.length, min: Math.min(...numbers), max: Math.max(...numbers) }[
    type
  ];
}

/** The value of an expression, or undefined if a property in it does not exist. */
function evaluate({ type, names, value, args }, twin) {
  switch (type) {
    case 'literal':
      return value;
    case 'path':
      return names.reduce(
        (member, name) =>
          isObject(member) && Object.hasOwn(member, name) ? member[name] : undefined,
        twin,
      );
    default:
      return OPERATIONS[type](...args.map((arg) => evaluate(arg, twin)));
  }
}

const compare = (decide) => (left, right) =>
  typeof left === typeof right && ['number', 'string'].includes(typeof left)
    ? decide(left, right)
    : undefined;

const equal = (left, right) =>
  left === undefined || right === undefined ? undefined : isDeepStrictEqual(left, right);

const not = (value) => (typeof value === 'boolean' ? !value : undefined);

const ofTexts = (decide) => (text, part) =>
  typeof text === 'string' && typeof part === 'string' ? decide(text, part) : undefined;

/** Undefined operands: `true OR undefined` is true, `NOT undefined` is undefined. */
const OPERATIONS = {
  or: (...values) =>
    values.includes(true) ? true : values.every((value) => value === false) ? false : undefined,
  and: (...values) =>
    values.includes(false) ? false : values.every((value) => value === true) ? true : undefined,
  not,
  '=': equal,
  '!=': (left, right) => not(equal(left, right)),
  '<>': (left, right) => not(equal(left, right)),
  '<': compare((left, right) => left < right),
  '>': compare((left, right) => left > right),
  '<=': compare((left, right) => left <= right),
  '>=': compare((left, right) => left >= right),
  in: (item, list) =>
    item === undefined || !Array.isArray(list)
      ? undefined
      : list.some((each) => isDeepStrictEqual(each, item)),
  array: (...items) => items,
  is_defined: (value) => value !== undefined,
  startswith: ofTexts((text, part) => text.startsWith(part)),
  endswith: ofTexts((text, part) => text.endsWith(part)),
};
