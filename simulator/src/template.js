import { findNodeAtOffset, getNodePath } from 'jsonc-parser';

import { readGenerator } from './generators.js';
import { parseJson, placeOf } from './json-text.js';
import { checkNumber } from './limits.js';

/** A template that cannot be read, and where. */
export class TemplateError extends Error {
  /**
   * @param {string} mistake
   * @param {{field?: string, line?: number, column?: number}} at the numbers count from 1
   */
  constructor(mistake, at) {
    const { field, line, column } = at;
    const place = line === undefined ? field : `${field}, line ${line}, column ${column}`;
    super(field === undefined ? mistake : `${place}: ${mistake}`);
    this.name = 'TemplateError';
    this.mistake = mistake;
    this.at = at;
  }

  /** The same mistake in a field of something larger. */
  static within(field, { message, mistake = message, at }) {
    const inner = at?.field === undefined ? '' : `.${at.field}`;
    return new TemplateError(mistake, { ...at, field: field + inner });
  }
}

/**
 * Reads JSON text whose strings may be or contain generators in double braces. Returns a function
 * that begins it for one device, with a source of random numbers.
 * @param {string} text
 * @param {import('./names.js').Known} [known] the names that its expressions may use
 * @returns {import('./generators.js').Begin} its values are JSON
 * @throws {TemplateError}
 */
export function readTemplate(text, known = {}) {
  const { tree, error } = parseJson(text);
  if (error) throw new TemplateError(error.mistake, placeOf(text, error.offset));
  return readNode(tree, undefined, (value, offset, fields) => {
    try {
      if (typeof value === 'string') return readText(value, { ...known, fields });
      checkNumber(value);
      return constant(value);
    } catch ({ message, index }) {
      throw new TemplateError(message, placeOf(text, placeInString(text, offset, index)));
    }
  });
}

/**
 * Reads a value whose strings may be or contain generators. An error has the path of its string:
 * lines of the text that is read here are not those of the user's text.
 */
export function readValue(value, known) {
  const text = JSON.stringify(value);
  try {
    return readTemplate(text, known);
  } catch (error) {
    const { tree } = parseJson(text);
    if (!tree) throw error;
    const path = getNodePath(findNodeAtOffset(tree, error.at.column - 1));
    throw new TemplateError(error.mistake, { field: path.join('.') });
  }
}

/** The offset of a place in the value of a JSON string, in which an escape is one character. */
function placeInString(text, offset, index) {
  if (index === undefined) return offset;
  const character = /\\(?:u.{4}|.)|./gs;
  character.lastIndex = offset + 1;
  for (let passed = 0; passed < index; passed += 1) character.test(text);
  return character.lastIndex;
}

function readNode(node, fields, read) {
  if (node.type === 'object') return readObject(node, fields, read);
  if (node.type === 'array') {
    const items = (node.children ?? []).map((child) => readNode(child, fields, read));
    return (random) => {
      const begun = items.map((begin) => begin(random));
      return (context) => begun.map((next) => next(context));
    };
  }
  return read(node.value, node.offset, fields);
}

/** Each member may use those before it, and those before the object itself. */
function readObject(node, outer, read) {
  const fields = { names: new Set(), outer };
  const members = (node.children ?? []).map(({ children: [name, value] }) => {
    const begin = readNode(value, fields, read);
    fields.names.add(name.value);
    return [name.value, begin];
  });
  return (random) => {
    const begun = members.map(([, begin]) => begin(random));
    return (context) => {
      const made = new Map();
      const inner = { ...context, fields: { members: made, outer: context.fields } };
      for (const [at, [name]] of members.entries()) made.set(name, begun[at](inner));
      return Object.fromEntries(made);
    };
  };
}

/**
 * Reads a text that may contain generators. A text that is a single generator becomes its value, of
 * any type; in any other text, values are inserted as text.
 * @param {string} text
 * @param {import('./names.js').Known} [known]
 * @returns {import('./generators.js').Begin}
 */
export function readText(text, known) {
  const parts = split(text);
  if (parts.length === 1) return constant(text);
  const begins = parts.map((part, index) =>
    index % 2 === 1 ? readPart(part, known) : constant(part),
  );
  if (begins.length === 3 && parts[0] === '' && parts[2] === '') return begins[1];
  return (random) => {
    const begun = begins.map((begin) => begin(random));
    return (context) => begun.map((next) => toText(next(context))).join('');
  };
}

/** The same for all devices, which share one function. */
function constant(value) {
  const next = () => value;
  return () => next;
}

/** The parts of a text: every other one was between double braces, which open at `index`. */
function split(text) {
  const parts = [];
  for (let from = 0; ;) {
    const index = text.indexOf('{{', from);
    if (index < 0) return [...parts, text.slice(from)];
    const closing = closingAfter(text, index + 2);
    if (closing === undefined) throw mistakeAt(index, 'a {{ has no }}');
    parts.push(text.slice(from, index), { source: text.slice(index + 2, closing), index });
    from = closing + 2;
  }
}

/** Where a generator ends: braces in quotes are text. An apostrophe in a word is not a quote. */
function closingAfter(text, from) {
  const ends = /(?<!\w)(["'])(?:(?!\1).)*\1(?!\w)|\}\}/gs;
  ends.lastIndex = from;
  for (const { 0: found, index } of text.matchAll(ends)) if (found === '}}') return index;
  return undefined;
}

function readPart({ source, index }, known) {
  try {
    return readGenerator(source, known);
  } catch (error) {
    throw mistakeAt(index, error.message, error);
  }
}

/** An error with its place in a text. */
const mistakeAt = (index, message, cause) =>
  Object.assign(new Error(message, { cause }), { index });

/** A value as part of a text. */
export function toText(value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
