/** The structure of a scene. `npm run schema` generates `scene.schema.json` from it. */
import * as v from 'valibot';

import { Columns, Events, expression, Values } from './event-schema.js';
import { isJsonSchema } from './json-schema.js';
import {
  described,
  name,
  object,
  record,
  template,
  text,
  uniqueNames,
  whole,
} from './schema-parts.js';

const jsonSchema = v.pipe(
  object,
  v.check(isJsonSchema, 'is not a supported JSON Schema'),
  v.description('A JSON Schema, draft 2020-12.'),
);
const component = described(name, 'The component of the model.');

const unit = v.pipe(text, v.nonEmpty('is empty'), v.maxLength(32, 'is longer than 32 characters'));

const Telemetry = v.strictObject({
  name: described(name, 'Identifies the message within its kind; it is not sent.'),
  component: v.optional(component),
  template: described(template, 'The body: JSON whose strings may contain generators.'),
  units: v.optional(
    described(
      record(unit),
      'Units of values in the body, by their paths: {"cargo.temperature": "°C"}. Charts and tables show them; they are not sent.',
    ),
  ),
  periodMs: described(
    whole(10, 86_400_000),
    'The interval in milliseconds; shorter between the first two messages.',
  ),
  when: v.optional(
    described(expression, 'The message is sent only if this is true when it is due.'),
  ),
  jitter: v.pipe(
    v.number('is not a number'),
    v.minValue(0, 'is below 0'),
    v.maxValue(1, 'is above 1'),
    v.description('How late a message may be, at random, as a fraction of its period.'),
  ),
  properties: described(record(text), 'Properties of each message, with generators.'),
  contentType: text,
  contentEncoding: text,
  isOn: described(
    v.boolean(),
    'Whether it is sent periodically; otherwise only by events and by hand.',
  ),
});

const Method = v.strictObject({
  name,
  delayMs: described(whole(0, 300_000), 'The delay of the response, in milliseconds.'),
  status: whole(-2_147_483_648, 2_147_483_647),
  payload: described(template, 'The payload of the response: JSON with generators.'),
  request: v.optional(described(jsonSchema, 'The schema of requests; others get status 400.')),
});

const Writable = v.strictObject({
  name,
  component: v.optional(component),
  schema: v.optional(described(jsonSchema, 'The schema of values; others get status 400.')),
});

const Twin = v.strictObject({
  reported: described(object, 'What a device reports when it starts, with generators.'),
  followsDesired: described(v.boolean(), 'Whether desired properties are reported unchanged.'),
  writable: v.optional(
    v.pipe(
      v.array(Writable),
      v.check(uniqueInComponent, 'has a name twice in one component'),
      v.description(
        'Desired properties that are acknowledged by the IoT Plug and Play conventions.',
      ),
    ),
  ),
});

export const Behaviour = v.strictObject({
  telemetry: v.pipe(v.array(Telemetry), v.check(uniqueNames, 'has a name twice')),
  twin: Twin,
  methods: v.pipe(v.array(Method), v.check(uniqueNames, 'has a name twice')),
  values: v.optional(Values),
  events: v.optional(Events),
  columns: v.optional(Columns),
});

const modelId = v.pipe(
  v.string(),
  v.regex(
    /^dtmi:[A-Za-z][\w:]*(?:;[1-9][\d.]*)?$/,
    'is not a model id, such as dtmi:com:example:A;1',
  ),
  v.maxLength(128, 'is longer than 128 characters'),
);

const Kind = v.strictObject({
  name,
  count: described(whole(1, 100_000), 'How many devices of this kind the scene has.'),
  modelId: v.optional(described(modelId, 'The model that a device announces when it connects.')),
  behaviour: Behaviour,
});

export const Scene = v.strictObject({
  $schema: v.optional(v.string()),
  version: v.literal(2, 'is neither 1 nor 2, the supported versions'),
  title: name,
  description: v.optional(text),
  seed: v.optional(
    described(
      whole(0, 4_294_967_295),
      'The same seed and device id send the same messages. Default: 0.',
    ),
  ),
  kinds: v.pipe(
    v.array(Kind),
    v.minLength(1, 'is empty'),
    v.check(uniqueNames, 'has a name twice'),
  ),
  view: v.optional(v.picklist(['table', 'map'], 'is neither "table" nor "map"')),
});

function uniqueInComponent(list) {
  const names = list.map(({ name, component }) => JSON.stringify([component, name]));
  return new Set(names).size === names.length;
}
