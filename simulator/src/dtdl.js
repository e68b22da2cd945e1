/**
 * Reads DTDL models (v2, v3, v4): github.com/Azure/opendigitaltwins-dtdl. `extends`, components and
 * reusable schemas are resolved within the given documents; unknown parts are listed with their
 * paths.
 */
import { MAX_DEPTH, tooDeepAt } from './limits.js';

const CONTEXT = /^dtmi:dtdl:context;([234])(?:\.\d+)?(?:#\w+)?$/;

/** Extensions whose additions change no value: units, semantic types, texts for people. */
const HARMLESS = /^dtmi:dtdl:extension:(?:quantitativeTypes|annotation|historization);\d+/;

/** The deepest chain of `extends` that DTDL allows is 12. */
const MAX_EXTENDS = 12;

/** A model that cannot be read, with the path of the mistake. */
export class ModelError extends Error {
  constructor(path, mistake) {
    super(`${path}: ${mistake}`);
    this.name = 'ModelError';
  }
}

/**
 * @typedef {object} Model an Interface with all that it inherits
 * @property {string} id
 * @property {string} [displayName]
 * @property {Content[]} contents without components
 * @property {{name: string, contents: Content[]}[]} components
 *
 * @typedef {object} Content
 * @property {'Telemetry' | 'Property' | 'Command'} kind
 * @property {string} name
 * @property {string[]} semantics its other types, such as `Temperature`
 * @property {object} raw as written in the model
 * @property {string} path where that is
 */

/** All models of some documents. */
export class ModelReader {
  /** The parts that were left out, with their paths. */
  notes = [];
  #interfaces = new Map();
  #schemas = new Map();
  /** Interfaces that are part of another. */
  #parts = new Set();

  /** @param {{name: string, text: string}[]} documents files, each with one Interface or a list */
  constructor(documents) {
    for (const { name, text } of documents) {
      for (const [path, value] of valuesIn(name, text)) this.#take(path, value);
    }
    if (this.#interfaces.size === 0) {
      throw new ModelError(documents[0]?.name ?? 'no file', 'contains no DTDL Interface');
    }
  }

  /** The ids of the models that are not part of another one. */
  get roots() {
    const roots = [...this.#interfaces.keys()].filter((id) => !this.#parts.has(id));
    return roots.length > 0 ? roots : [...this.#interfaces.keys()].slice(0, 1);
  }

  /** @returns {Model} */
  read(id) {
    const { value, path } = this.#interfaces.get(id) ?? missing(id, 'the models');
    const all = this.#contentsOf(value, path, []);
    const components = all.filter(({ kind }) => kind === 'Component');
    return {
      id,
      displayName: textOf(value.displayName),
      contents: all.filter(({ kind }) => kind !== 'Component'),
      components: components.map(({ name, raw, path }) => ({
        name,
        contents: this.#componentContents(raw.schema, path),
      })),
    };
  }

  /** Replaces the id of a schema with its object. */
  schemaOf(schema) {
    return this.#schemas.get(schema) ?? schema;
  }

  note(path, message) {
    this.notes.push(`${path}: ${message}`);
  }

  #take(path, value) {
    if (!typesOf(value).includes('Interface')) {
      throw new ModelError(path, 'is not an Interface: it has no "@type": "Interface"');
    }
    const id = value['@id'];
    if (typeof id !== 'string' || !id.startsWith('dtmi:')) {
      throw new ModelError(path, 'has no "@id" that begins with dtmi:');
    }
    if (this.#interfaces.has(id)) throw new ModelError(path, `${id} appears twice`);
    if (value['@context'] !== undefined) this.#checkContext(value['@context'], path);
    this.#interfaces.set(id, { value, path });
    for (const schema of listOf(value.schemas)) this.#schemas.set(schema['@id'], schema);
    this.#findParts(value, path);
  }

  #checkContext(context, path) {
    const names = listOf(context);
    if (!names.some((name) => CONTEXT.test(name))) {
      throw new ModelError(`${path}.@context`, 'is not the context of DTDL v2, v3 or v4');
    }
    for (const name of names.filter((name) => !CONTEXT.test(name) && !HARMLESS.test(name))) {
      this.note(`${path}.@context`, `the extension ${name} is not known`);
    }
  }

  /** Records named objects, and adds Interfaces that are nested in this one. */
  #findParts(value, path) {
    const parts = [
      ...listOf(value.extends).map((part, index) => [part, `${path}.extends.${index}`]),
      ...listOf(value.contents)
        .map((content, index) => [content, `${path}.contents.${index}.schema`])
        .filter(([content]) => typesOf(content).includes('Component'))
        .map(([content, at]) => [content.schema, at]),
    ];
    for (const [part, at] of parts) {
      if (isObject(part)) this.#take(at, part);
      this.#parts.add(idOf(part));
    }
  }

  #contentsOf(value, path, chain) {
    if (chain.includes(value['@id']) || chain.length > MAX_EXTENDS) {
      throw new ModelError(`${path}.extends`, 'extends itself, or more than twelve others');
    }
    const inherited = listOf(value.extends).flatMap((base, index) => {
      const at = `${path}.extends.${index}`;
      const found = this.#interfaces.get(idOf(base)) ?? missing(idOf(base), at);
      return this.#contentsOf(found.value, found.path, [...chain, value['@id']]);
    });
    const own = listOf(value.contents).map((raw, index) =>
      this.#contentOf(raw, `${path}.contents.${index}`),
    );
    const byName = new Map();
    for (const content of [...inherited, ...own].filter(Boolean)) {
      // Contents that are inherited in two ways appear once.
      const before = byName.get(content.name);
      if (before && before.raw !== content.raw) {
        throw new ModelError(content.path, `the name "${content.name}" appears twice`);
      }
      byName.set(content.name, content);
    }
    return [...byName.values()];
  }

  /** @returns {Content | undefined} */
  #contentOf(raw, path) {
    const types = typesOf(raw);
    const kind = KINDS.find((name) => types.includes(name));
    if (kind === undefined) {
      return this.note(path, `"${types.join(', ')}" is not known, and left out`);
    }
    if (kind === 'Relationship') return this.note(path, 'a device has no relationships: left out');
    if (typeof raw.name !== 'string') throw new ModelError(path, 'has no name');
    const semantics = types.filter((type) => type !== kind);
    return { kind, name: raw.name, semantics, raw, path };
  }

  #componentContents(schema, path) {
    const found = this.#interfaces.get(idOf(schema)) ?? missing(idOf(schema), `${path}.schema`);
    return this.#contentsOf(found.value, found.path, []).filter(
      ({ kind, path }) =>
        kind !== 'Component' || this.note(path, 'a component within a component is left out'),
    );
  }
}

const KINDS = ['Telemetry', 'Property', 'Command', 'Component', 'Relationship'];

function* valuesIn(name, text) {
  if (tooDeepAt(text) >= 0) throw new ModelError(name, `is nested deeper than ${MAX_DEPTH} levels`);
  let value;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new ModelError(name, 'is not JSON');
  }
  if (!Array.isArray(value)) yield [name, value];
  else for (const [index, item] of value.entries()) yield [`${name}.${index}`, item];
}

/** @returns {never} */
function missing(id, path) {
  throw new ModelError(path, `${id} is in none of the files: add the file that has it`);
}

export const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In JSON-LD, a single value may replace a list of one. */
export const listOf = (value) => (value === undefined ? [] : [value].flat());

export const typesOf = (value) => listOf(value?.['@type']);

const idOf = (value) => (isObject(value) ? value['@id'] : value);

/** A text for people may be in several languages. */
const textOf = (value) => (isObject(value) ? (value.en ?? Object.values(value)[0]) : value);
