/** What a DTDL schema becomes in a scene: a value with generators, and a JSON Schema. */
import { isObject, listOf, typesOf } from './dtdl.js';

/** Ranges for semantic types, by unit where it matters: [least, most, step, decimals]. */
const RANGES = {
  Temperature: {
    degreeFahrenheit: [64, 79, 0.5, 1],
    kelvin: [291, 299, 0.3, 1],
    '': [18, 26, 0.3, 1],
  },
  RelativeHumidity: { unity: [0.3, 0.6, 0.01, 2], '': [30, 60, 1, 1] },
  Humidity: { '': [5, 15, 0.2, 1] },
  Pressure: { bar: [0.9, 6, 0.1, 2], kilopascal: [95, 105, 0.5, 1], '': [95_000, 105_000, 500, 0] },
  Voltage: { millivolt: [2800, 4200, 20, 0], '': [210, 240, 1, 1] },
  Current: { milliampere: [10, 500, 10, 0], '': [0, 16, 0.3, 2] },
  Power: { kilowatt: [0, 4, 0.1, 2], '': [0, 4000, 50, 0] },
  Velocity: { '': [0, 30, 1, 1] },
  AngularVelocity: { '': [0, 3000, 50, 0] },
  Illuminance: { '': [50, 800, 20, 0] },
  Latitude: { '': [47.3, 47.5, 0.002, 5] },
  Longitude: { '': [8.4, 8.7, 0.002, 5] },
};

const WHOLE = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  integer: [-2_147_483_648, 2_147_483_647],
  long: [-9_007_199_254_740_991, 9_007_199_254_740_991],
  unsignedByte: [0, 255],
  unsignedShort: [0, 65_535],
  unsignedInteger: [0, 4_294_967_295],
  unsignedLong: [0, 9_007_199_254_740_991],
};

const DATE = '\\d{4}-\\d\\d-\\d\\d';
const CLOCK = '\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)';

/** Strings: the generator, and the pattern of valid ones. */
const TEXTS = {
  string: ['text {{counter}}', undefined],
  date: ['{{time date}}', `^${DATE}$`],
  time: ['{{time clock}}', `^${CLOCK}$`],
  dateTime: ['{{time}}', `^${DATE}T${CLOCK}$`],
  duration: ['PT{{range 1 3600 0}}S', '^P(?=.)'],
  uuid: ['{{uuid}}', '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'],
  // A string, which a generator alone would not return.
  decimal: ['{{range 0 100 0}}.5', '^[+-]?\\d+(\\.\\d+)?$'],
  bytes: ['{{choice AAEC AwQF}}', '^[A-Za-z0-9+/]*={0,2}$'],
};

/** GeoJSON, around a point: RFC 7946. */
const place = () => ['{{walk 8.4 8.7 0.002 5}}', '{{walk 47.3 47.5 0.002 5}}'];
const ring = [
  [8.5, 47.3],
  [8.6, 47.3],
  [8.6, 47.4],
  [8.5, 47.3],
];
const GEOMETRIES = {
  point: ['Point', place()],
  multiPoint: ['MultiPoint', [place(), place()]],
  lineString: ['LineString', [place(), place()]],
  multiLineString: ['MultiLineString', [[place(), place()]]],
  polygon: ['Polygon', [ring]],
  multiPolygon: ['MultiPolygon', [[ring]]],
};

/** The maximum nesting of schemas: in v4, they may refer to themselves. */
const MAX_DEPTH = 8;

/** An unknown schema. */
export class UnknownSchema extends Error {}

/**
 * A value of a schema, whose strings are generators.
 * @param {unknown} schema
 * @param {{resolve: (schema: unknown) => unknown, semantics?: string[], unit?: string}} about
 */
export function valueOf(schema, about, depth = 0) {
  const { name, object } = look(schema, about);
  const inner = (of) => valueOf(of, { resolve: about.resolve }, depth + 1);
  if (name === 'boolean') return '{{choice true false}}';
  if (['double', 'float'].includes(name)) return numberOf(about);
  if (name in WHOLE) return wholeOf(name, about);
  if (name in TEXTS) return TEXTS[name][0];
  if (name === 'scaledDecimal') return { scale: 2, value: TEXTS.decimal[0] };
  if (name in GEOMETRIES) {
    const [type, coordinates] = GEOMETRIES[name];
    return { type, coordinates };
  }
  if (name === 'Enum') return choiceOf(listOf(object.enumValues));
  if (depth >= MAX_DEPTH) return name === 'Array' ? [] : {};
  if (name === 'Array') return [inner(object.elementSchema), inner(object.elementSchema)];
  if (name === 'Map') return { [object.mapKey?.name ?? 'key']: inner(object.mapValue?.schema) };
  return Object.fromEntries(
    listOf(object.fields).map((field) => [
      field.name,
      valueOf(field.schema, aboutContent(field, about.resolve), depth + 1),
    ]),
  );
}

/** What is known about a Telemetry, a Property or a Field, apart from its schema. */
export const aboutContent = (raw, resolve) => ({
  resolve,
  semantics: typesOf(raw),
  unit: typeof raw.unit === 'string' ? /([^:;]*)(?:;[\d.]+)?$/.exec(raw.unit)[1] : undefined,
});

/** The JSON Schema of the values that a schema allows. */
export function jsonSchemaOf(schema, resolve, depth = 0) {
  const { name, object } = look(schema, { resolve });
  const inner = (of) => jsonSchemaOf(of, resolve, depth + 1);
  if (name === 'boolean') return { type: 'boolean' };
  if (['double', 'float'].includes(name)) return { type: 'number' };
  if (name in WHOLE) {
    const [minimum, maximum] = WHOLE[name];
    return { type: 'integer', minimum, maximum };
  }
  if (name in TEXTS) {
    const [, pattern] = TEXTS[name];
    return pattern === undefined ? { type: 'string' } : { type: 'string', pattern };
  }
  if (name === 'scaledDecimal') {
    return fieldsSchema({ scale: { type: 'integer' }, value: jsonSchemaOf('decimal', resolve) });
  }
  if (name in GEOMETRIES) {
    const [type] = GEOMETRIES[name];
    return {
      type: 'object',
      required: ['type', 'coordinates'],
      properties: { type: { const: type }, coordinates: { type: 'array' } },
    };
  }
  if (name === 'Enum') return { enum: listOf(object.enumValues).map((one) => one.enumValue) };
  if (depth >= MAX_DEPTH) return {};
  if (name === 'Array') return { type: 'array', items: inner(object.elementSchema) };
  if (name === 'Map') {
    return { type: 'object', additionalProperties: inner(object.mapValue?.schema) };
  }
  const fields = listOf(object.fields).map((field) => [field.name, inner(field.schema)]);
  return fieldsSchema(Object.fromEntries(fields));
}

/** A patch may have only some of the fields, but none that the model does not have. */
const fieldsSchema = (properties) => ({ type: 'object', properties, additionalProperties: false });

function look(schema, { resolve }) {
  const found = resolve(schema);
  if (typeof found === 'string') {
    const name = /^dtmi:standard:schema:geospatial:(\w+);\d+$/.exec(found)?.[1] ?? found;
    const isKnown = name in WHOLE || name in TEXTS || name in GEOMETRIES;
    if (isKnown || ['boolean', 'double', 'float', 'scaledDecimal'].includes(name)) return { name };
    throw new UnknownSchema(`the schema "${found}" is not known`);
  }
  const types = isObject(found) ? typesOf(found) : [];
  const name = ['Array', 'Enum', 'Map', 'Object'].find((type) => types.includes(type));
  if (name) return { name, object: found };
  throw new UnknownSchema(found === undefined ? 'has no schema' : 'is not a known schema');
}

function rangeOf({ semantics = [], unit = '' }) {
  const ranges = RANGES[semantics.find((type) => type in RANGES)];
  return ranges && (ranges[unit] ?? ranges['']);
}

function numberOf(about) {
  const [least, most, step, decimals] = rangeOf(about) ?? [0, 100, 2, 2];
  return `{{walk ${least} ${most} ${step} ${decimals}}}`;
}

function wholeOf(name, about) {
  const [least, most] = rangeOf(about) ?? [0, 100];
  const [lowest, highest] = WHOLE[name];
  const bound = (value) => Math.min(highest, Math.max(lowest, Math.round(value)));
  return `{{walk ${bound(least)} ${bound(most)} 2 0}}`;
}

function choiceOf(values) {
  if (values.length === 0) throw new UnknownSchema('the Enum has no values');
  const words = values.map(({ enumValue }) => {
    if (typeof enumValue === 'number') return String(enumValue);
    if (/[{}]|'.*"|".*'/.test(enumValue))
      throw new UnknownSchema(`"${enumValue}" has braces or quotes`);
    return enumValue.includes("'") ? `"${enumValue}"` : `'${enumValue}'`;
  });
  return `{{choice ${words.join(' ')}}}`;
}
