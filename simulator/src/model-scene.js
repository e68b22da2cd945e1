/** Creates a scene from DTDL models: an ordinary one, which can be edited. */
import { ModelReader } from './dtdl.js';
import { unitsIn } from './dtdl-units.js';
import { aboutContent, jsonSchemaOf, UnknownSchema, valueOf } from './dtdl-values.js';
import { checkScene } from './scene.js';

const PERIOD_MS = 10_000;

/**
 * A scene with a kind for each model that is not part of another.
 * @param {{name: string, text: string}[]} documents the files of the models
 * @returns {{scene: import('./scene.js').Scene, notes: string[]}} `notes` name what was left out
 * @throws {import('./dtdl.js').ModelError} for models that cannot be read
 */
export function sceneOfModels(documents) {
  const reader = new ModelReader(documents);
  const models = reader.roots.map((id) => reader.read(id));
  const names = new Set();
  const kinds = models.map((model) => {
    const name = unusedName(nameOf(model), names);
    return { name, count: 1, modelId: model.id, behaviour: behaviourOf(model, reader) };
  });
  const title = models[0].displayName ?? kinds[0].name;
  const scene = checkScene({ version: 2, title: title.slice(0, 128), kinds });
  return { scene, notes: reader.notes };
}

/** Whether a text is a model, not a scene: it has names of JSON-LD, which begin with `@`. */
export function isModel(text) {
  try {
    const [value] = [JSON.parse(text.replace(/^\uFEFF/, ''))].flat();
    return Object.keys(value ?? {}).some((name) => name.startsWith('@'));
  } catch {
    return false;
  }
}

/** `dtmi:com:example:Thermostat;1` is a Thermostat. */
const nameOf = ({ id }) => /([^:;]+)(?:;[\d.]+)?$/.exec(id)[1];

function unusedName(name, names) {
  let unused = name;
  for (let number = 2; names.has(unused); number += 1) unused = `${name} ${number}`;
  names.add(unused);
  return unused;
}

function behaviourOf({ contents, components }, reader) {
  const parts = [{ name: undefined, contents }, ...components];
  const reported = {};
  for (const { name, contents } of parts) {
    const values = valuesOf(contents, 'Property', reader);
    if (name === undefined) Object.assign(reported, values);
    else if (Object.keys(values).length > 0) reported[name] = { __t: 'c', ...values };
  }
  return {
    telemetry: parts.map((part) => messageOf(part, reader)).filter(Boolean),
    twin: {
      reported,
      followsDesired: false,
      writable: parts.flatMap((part) => writableOf(part, reader)),
    },
    methods: parts.flatMap((part) => methodsOf(part, reader)),
  };
}

/** One message with all telemetry of a component, or of the model itself. */
function messageOf({ name, contents }, reader) {
  const values = valuesOf(contents, 'Telemetry', reader);
  if (Object.keys(values).length === 0) return undefined;
  const units = contents
    .filter((content) => content.kind === 'Telemetry' && content.name in values)
    .flatMap(({ raw }) => unitsIn(raw, (schema) => reader.schemaOf(schema)));
  return {
    name: name ?? 'telemetry',
    ...(name !== undefined && { component: name }),
    template: JSON.stringify(values, null, 2),
    ...(units.length > 0 && { units: Object.fromEntries(units) }),
    periodMs: PERIOD_MS,
    jitter: 0.1,
    properties: {},
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    isOn: true,
  };
}

function valuesOf(contents, wanted, reader) {
  const resolve = (schema) => reader.schemaOf(schema);
  const entries = contents
    .filter(({ kind }) => kind === wanted)
    .map(({ name, raw, path }) => [
      name,
      known(reader, `${path}.schema`, () => valueOf(raw.schema, aboutContent(raw, resolve))),
    ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function writableOf({ name: component, contents }, reader) {
  return contents
    .filter(({ kind, raw }) => kind === 'Property' && raw.writable === true)
    .map(({ name, raw }) => ({
      name,
      ...(component !== undefined && { component }),
      schema: schemaOf(raw.schema, reader),
    }))
    .filter(({ schema }) => schema !== undefined);
}

function methodsOf({ name: component, contents }, reader) {
  return contents
    .filter(({ kind }) => kind === 'Command')
    .map(({ name, raw, path }) => {
      const { request, response } = raw;
      const answer =
        response &&
        known(reader, `${path}.response.schema`, () =>
          valueOf(
            response.schema,
            aboutContent(response, (schema) => reader.schemaOf(schema)),
          ),
        );
      return {
        name: component === undefined ? name : `${component}*${name}`,
        delayMs: 0,
        status: 200,
        payload: JSON.stringify(answer ?? null),
        ...(request && requestOf(request, `${path}.request.schema`, reader)),
      };
    });
}

function requestOf({ schema, nullable }, path, reader) {
  const found = known(reader, path, () => jsonSchemaOf(schema, (one) => reader.schemaOf(one)));
  if (found === undefined) return {};
  return { request: nullable === true ? { anyOf: [found, { type: 'null' }] } : found };
}

/** `undefined` if it is unknown, which was noted with its value. */
function schemaOf(schema, reader) {
  try {
    return jsonSchemaOf(schema, (one) => reader.schemaOf(one));
  } catch (error) {
    if (error instanceof UnknownSchema) return undefined;
    throw error;
  }
}

/** What a schema becomes; `undefined`, with a note, if it is unknown. */
function known(reader, path, make) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UnknownSchema)) throw error;
    reader.note(path, `${error.message}: left out`);
    return undefined;
  }
}
