/**
 * The documentation of a JSON Schema: a section for each object in it.
 *
 * @typedef {object} Section
 * @property {string} path such as `kinds[].behaviour`; empty for the whole
 * @property {string} [type] the member `type` of this variant, where there are several
 * @property {string} [description]
 * @property {Member[]} members
 *
 * @typedef {object} Member
 * @property {string} name
 * @property {string} type in words
 * @property {boolean} isRequired
 * @property {string} [description]
 */

/** @returns {Section[]} outer ones first */
export function sectionsOf(schema, path = '') {
  const { properties, required = [], items, additionalProperties, description } = schema;
  if (variantsOf(schema)) return variantsOf(schema).flatMap((one) => sectionsOf(one, path));
  if (items) return sectionsOf(items, `${path}[]`);
  if (typeof additionalProperties === 'object')
    return sectionsOf(additionalProperties, `${path}.*`);
  if (!properties) return [];
  const type = properties.type?.const;
  const members = Object.entries(properties).map(([name, member]) => ({
    name,
    type: inWords(member),
    isRequired: required.includes(name),
    description: member.description,
  }));
  const within = Object.entries(properties).flatMap(([name, member]) =>
    sectionsOf(member, path ? `${path}.${name}` : name),
  );
  const about = description ?? properties.type?.description;
  return [{ path, type, description: about, members }, ...within];
}

const variantsOf = ({ anyOf, oneOf }) => anyOf ?? oneOf;

/** The type and limits of a value, in words. */
function inWords(schema) {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (variantsOf(schema)) {
    return [...new Set(variantsOf(schema).map(inWords))].join(' or ');
  }
  return KINDS[schema.type]?.(schema) ?? 'any JSON';
}

const KINDS = {
  string: ({ minLength, maxLength, pattern }) => {
    const length = between('characters', minLength, maxLength);
    return ['text', length, pattern && `that matches ${pattern}`].filter(Boolean).join(', ');
  },
  integer: (schema) => ['whole number', range(schema)].filter(Boolean).join(', '),
  number: (schema) => ['number', range(schema)].filter(Boolean).join(', '),
  boolean: () => 'true or false',
  null: () => 'null',
  array: ({ items, minItems }) => {
    const what = items.properties || variantsOf(items)?.[0].properties ? 'objects' : inWords(items);
    return `list of ${what}${minItems ? `, at least ${minItems}` : ''}`;
  },
  object: ({ additionalProperties }) =>
    typeof additionalProperties === 'object'
      ? `object whose members are ${inWords(additionalProperties)}`
      : 'object',
};

const range = ({ minimum, maximum }) => between('', minimum, maximum);

function between(what, least, most) {
  const unit = what && ` ${what}`;
  const [from, to] = [least, most].map((number) => number?.toLocaleString('en'));
  if (least !== undefined && most !== undefined) return `${from} to ${to}${unit}`;
  if (least !== undefined) return `at least ${from}${unit}`;
  return most === undefined ? '' : `at most ${to}${unit}`;
}
