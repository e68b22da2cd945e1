/** The current version of the scene format: its schema, the previous version, and what is new. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import Ajv2020 from 'ajv/dist/2020.js';

import { makePage, makeSchema, pageFile, schemaFile } from '../../simulator/scripts/schema.mjs';
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { checkBehaviour, checkScene } from '../../simulator/src/scene.js';
import { sectionsOf } from '../../simulator/src/schema-docs.js';
import { behaviourOf, messageOf, sceneOf } from './scenes.mjs';

const folder = new URL('../../simulator/scenes/', import.meta.url);
const examples = readdirSync(folder).map((name) =>
  JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
);
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
const fitsSchema = new Ajv2020().compile(schema);

const everything = {
  ...sceneOf({
    pump: {
      ...behaviourOf({
        telemetry: [
          { name: 'fast', periodMs: 100, isOn: true },
          {
            name: 'slow',
            periodMs: 1000,
            component: 'motor',
            template: '{"rpm": 1}',
            units: { rpm: 'r/min' },
          },
        ],
        twin: {
          reported: { target: 20 },
          writable: [
            { name: 'target', schema: { type: 'number', maximum: 90 } },
            { name: 'target', component: 'motor' },
          ],
        },
        methods: [
          {
            name: 'motor*start',
            delayMs: 0,
            status: 200,
            payload: '{}',
            request: { type: 'object' },
          },
        ],
      }),
    },
  }),
  $schema: 'scene.schema.json',
  seed: 7,
};
everything.kinds[0].modelId = 'dtmi:com:example:Pump;1';
Object.assign(everything.kinds[0].behaviour, {
  values: [{ name: 'level', start: '{{range 0 9}}', next: '{{= level + 1}}', periodMs: 500 }],
  columns: { flow: [1, true, null, 'high'] },
  events: [
    {
      name: 'low',
      trigger: { type: 'condition', expression: 'level < 1' },
      actions: [{ type: 'send', message: 'fast', count: 3, periodMs: 100 }],
    },
  ],
});
everything.kinds[0].behaviour.telemetry[1].when = 'level > 3';

test('the JSON Schema is the one that checks scenes; npm run schema creates it', () => {
  assert.deepEqual(schema, makeSchema());
});

test('npm run schema creates the page about the file from the JSON Schema', () => {
  assert.equal(readFileSync(pageFile, 'utf8'), makePage(schema));
});

test('each object of a schema has a section, also in lists, maps and variants', () => {
  const variant = (type, members) => ({
    type: 'object',
    properties: { type: { const: type, description: `About ${type}.` }, ...members },
    required: ['type'],
  });
  const length = { type: 'integer', minimum: 1, maximum: 10_000, description: 'How long.' };
  const name = { type: 'string', minLength: 1, maxLength: 8 };
  const sections = sectionsOf({
    type: 'object',
    properties: {
      steps: {
        type: 'array',
        minItems: 1,
        items: { anyOf: [variant('wait', { length }), variant('stop', {})] },
      },
      names: { type: 'object', additionalProperties: { anyOf: [name, { type: 'null' }] } },
    },
    required: ['steps'],
  });
  const member = (name, type, isRequired, description) => ({
    name,
    type,
    isRequired,
    description,
  });
  assert.deepEqual(sections, [
    {
      path: '',
      type: undefined,
      description: undefined,
      members: [
        member('steps', 'list of objects, at least 1', true, undefined),
        member(
          'names',
          'object whose members are text, 1 to 8 characters or null',
          false,
          undefined,
        ),
      ],
    },
    {
      path: 'steps[]',
      type: 'wait',
      description: 'About wait.',
      members: [
        member('type', '"wait"', true, 'About wait.'),
        member('length', 'whole number, 1 to 10,000', false, 'How long.'),
      ],
    },
    {
      path: 'steps[]',
      type: 'stop',
      description: 'About stop.',
      members: [member('type', '"stop"', true, 'About stop.')],
    },
  ]);
});

test('the JSON Schema accepts and refuses the same scenes as the check', () => {
  for (const scene of [...examples, everything]) {
    assert.ok(fitsSchema(scene), JSON.stringify(fitsSchema.errors));
    assert.deepEqual(checkScene(scene), scene);
  }
  const mistakes = [
    (scene) => (scene.version = 3),
    (scene) => (scene.seed = -1),
    (scene) => (scene.keys = []),
    (scene) => (scene.kinds[0].modelId = 'com:example:Pump'),
    (scene) => (scene.kinds[0].count = 0),
    (scene) => delete scene.kinds[0].behaviour.telemetry[0].name,
    (scene) => (scene.kinds[0].behaviour.telemetry[1].component = ''),
    (scene) => (scene.kinds[0].behaviour.telemetry[1].units.rpm = ''),
    (scene) => (scene.kinds[0].behaviour.telemetry = {}),
    (scene) => (scene.kinds[0].behaviour.twin.writable = [{}]),
    (scene) => (scene.kinds[0].behaviour.methods[0].request = 1),
    (scene) => (scene.kinds[0].behaviour.values[0].name = 'a b'),
    (scene) => (scene.kinds[0].behaviour.values[0].start = []),
    (scene) => (scene.kinds[0].behaviour.columns.flow = []),
    (scene) => (scene.kinds[0].behaviour.events[0].trigger.type = 'moon'),
    (scene) => (scene.kinds[0].behaviour.events[0].trigger.everyMs = 1000),
    (scene) => delete scene.kinds[0].behaviour.events[0].trigger.expression,
    (scene) => (scene.kinds[0].behaviour.events[0].actions = []),
    (scene) => (scene.kinds[0].behaviour.events[0].actions[0] = { type: 'upload', name: 'a' }),
  ];
  for (const change of mistakes) {
    const scene = structuredClone(everything);
    change(scene);
    assert.ok(!fitsSchema(scene), `${change}`);
    assert.throws(() => checkScene(scene), /The scene cannot be used/, `${change}`);
  }
});

test('rules that no JSON Schema can express are checked, too', () => {
  const mistakes = [
    [(kind) => kind.behaviour.telemetry.push(kind.behaviour.telemetry[0]), /name twice/],
    [(kind) => kind.behaviour.twin.writable.push({ name: 'target' }), /twice in one component/],
    [
      (kind) => (kind.behaviour.methods[0].request = { $ref: '#/$defs/a' }),
      /not a supported JSON Schema/,
    ],
    [
      (kind) => (kind.behaviour.telemetry[0].properties = { constructor: 'a' }),
      /telemetry\.0\.properties\.constructor is a reserved name/,
    ],
    [
      (kind) => (kind.behaviour.columns = JSON.parse('{"__proto__": [1]}')),
      /columns\.__proto__ is a reserved name/,
    ],
  ];
  for (const [change, expected] of mistakes) {
    const scene = structuredClone(everything);
    change(scene.kinds[0]);
    assert.throws(() => checkScene(scene), expected);
  }
});

test('mistakes in values and events are reported by their path, with what is possible', () => {
  const mistakes = [
    [({ values }) => (values[0] = { name: 'level' }), /values\.0 has neither start nor next/],
    [({ values }) => (values[0].name = 'desired'), /values\.0\.name is a name that every device/],
    [({ values }) => values.push(values[0]), /values has a name twice/],
    [({ events }) => events.push(events[0]), /events has a name twice/],
    [
      ({ events }) => (events[0].trigger.type = 'moon'),
      /events\.0\.trigger\.type is none of condition, time, random, desired and method/,
    ],
    [
      ({ events }) => (events[0].actions[0].type = 'sleep'),
      /events\.0\.actions\.0\.type is none of send, report, set, offline, online, pause and/,
    ],
    [({ events }) => delete events[0].actions[0].message, /actions\.0\.message is missing/],
    [({ events }) => (events[0].trigger.every = 1), /events\.0\.trigger\.every is not known/],
  ];
  for (const [change, expected] of mistakes) {
    const scene = structuredClone(everything);
    change(scene.kinds[0].behaviour);
    assert.throws(() => checkScene(scene), expected, `${change}`);
  }
});

test('unknown names in a behaviour are reported by their path, with the known ones', () => {
  const mistakes = [
    [
      ({ values }) => (values[0].next = '{{= levle + 1}}'),
      /^values\.0\.next: there is no "levle"; the names are level, desired, deviceId/,
    ],
    [({ values }) => delete values[0].start, /^values\.0\.next: there is no "level"/],
    [
      ({ values }) => (values[0].next = '{{= level + }}'),
      /^values\.0\.next: Expected expression after \+ at character 10 of the expression/,
    ],
    [
      ({ telemetry }) => (telemetry[1].when = 'low > 3'),
      /^telemetry\.1\.when: there is no "low"; the names are level/,
    ],
    [
      ({ events }) => (events[0].trigger.expression = 'reset(level)'),
      /^events\.0\.trigger: no function "reset\(\)"; the functions are abs, .*toward/,
    ],
    [
      ({ events }) => (events[0].trigger = { type: 'method', method: 'stop' }),
      /^events\.0\.trigger: the behaviour has no method "stop"; it has motor\*start/,
    ],
    [
      ({ events }) => (events[0].actions[0].message = 'quick'),
      /^events\.0\.actions\.0: the behaviour has no message "quick"; it has fast, slow/,
    ],
    [
      ({ events }) => (events[0].actions[0] = { type: 'set', values: { depth: 1 } }),
      /^events\.0\.actions\.0: the behaviour has no value "depth"; it has level/,
    ],
    [
      ({ events }) => (events[0].actions[0] = { type: 'report', properties: { a: '{{request}}' } }),
      /^events\.0\.actions\.0\.properties\.a: there is no "request" outside of the payload of a method/,
    ],
    [
      ({ telemetry }) => (telemetry[0].template = '"{{replay speed}}"'),
      /^telemetry\.0\.template, line 1.*has no column "speed"; it has flow/,
    ],
  ];
  for (const [change, expected] of mistakes) {
    const { behaviour } = structuredClone(everything).kinds[0];
    change(behaviour);
    const read = () => readBehaviour(checkBehaviour(behaviour));
    assert.throws(read, { message: expected }, `${change}`);
  }
});

test('a scene of version 1 loads as one of version 2, whose only message is the telemetry', () => {
  const { name, ...telemetry } = messageOf();
  const behaviour = { ...behaviourOf(), telemetry };
  const before = { ...sceneOf({ kind: behaviour }), version: 1 };
  const { version, kinds } = checkScene(before);
  assert.equal(version, 2);
  assert.deepEqual(kinds[0].behaviour.telemetry, [{ name, ...telemetry }]);
  assert.throws(
    () => checkScene({ ...before, kinds: [{}] }),
    /The scene cannot be used: kinds\.0\.name is missing/,
  );
  assert.throws(() => checkScene({ version: 1 }), /title is missing/);
});

/** The first messages of a device, by their names. */
function messagesOf(behaviour, { deviceId = 'pump-1', seed = 7, order } = {}) {
  const { messages } = readBehaviour(behaviour, seed)(deviceId);
  const texts = { fast: [], slow: [] };
  for (const name of order) {
    const message = messages.find(({ settings }) => settings.name === name);
    const { text, properties } = message.next(1_700_000_000_000);
    texts[name].push([text, properties.id]);
  }
  return texts;
}

const template = '{"n": "{{range 0 1 6}}", "swing": "{{sine 0 100 60}}", "g": "{{gauss 0 1}}"}';
const random = behaviourOf({
  telemetry: [
    { name: 'fast', template, properties: { id: '{{uuid}}' } },
    { name: 'slow', template, properties: { id: '{{choice a b c d}}' } },
  ],
});

test('the same seed and device id send the same, whatever else is sent between', () => {
  const one = messagesOf(random, { order: ['fast', 'slow', 'fast', 'slow'] });
  const other = messagesOf(random, { order: ['fast', 'fast', 'slow', 'slow'] });
  assert.deepEqual(one, other);
  assert.notDeepEqual(one.fast[0], one.slow[0]);
  const order = ['fast', 'slow'];
  const [first] = messagesOf(random, { order }).fast;
  assert.notDeepEqual(messagesOf(random, { order, seed: 8 }).fast[0], first);
  assert.notDeepEqual(messagesOf(random, { order, deviceId: 'pump-2' }).fast[0], first);
});

test('a seed produces the same everywhere, and the same as in earlier versions', () => {
  assert.deepEqual(messagesOf(random, { order: ['fast', 'slow'] }), {
    fast: [['{"n":0.491016,"swing":92.24,"g":-0.14}', '23e38a1e-fe8f-482e-90a0-80c767f77e75']],
    slow: [['{"n":0.678091,"swing":19.57,"g":-0.7}', 'b']],
  });
});
