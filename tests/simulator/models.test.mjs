/** Scenes created from DTDL models, and devices that follow them. */
import assert from 'node:assert/strict';

import { Validator } from '@cfworker/json-schema';

import { callHub } from '../../scripts/start/back-end.mjs';
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { Fleet } from '../../simulator/src/fleet.js';
import { answerTo } from '../../simulator/src/method.js';
import { symbolOf } from '../../simulator/src/dtdl-units.js';
import { isModel, sceneOfModels } from '../../simulator/src/model-scene.js';
import { documentsOf, models } from './models.mjs';
import { createDevice, hub, test } from './support.mjs';

const { thermostat, deviceInformation, controller, base, everything } = models;

const answer = (device, name, payload) => answerTo({ name, payload }, device, 0);

/** The only kind in the scene of the models, no part of which may be left out. */
function kindOf(...values) {
  const { scene, notes } = sceneOfModels(documentsOf(...values));
  assert.deepEqual(notes, []);
  assert.equal(scene.kinds.length, 1);
  return scene.kinds[0];
}

const firstBodies = (behaviour) =>
  Object.fromEntries(
    readBehaviour(behaviour)('device-1').messages.map((message) => [
      message.settings.name,
      message.next(1_700_000_000_000).body,
    ]),
  );

test('a model without components is one message, its properties and its commands', () => {
  const { name, modelId, behaviour } = kindOf(thermostat);
  assert.deepEqual([name, modelId], ['Thermostat', thermostat['@id']]);
  const { telemetry } = firstBodies(behaviour);
  assert.deepEqual(Object.keys(telemetry), ['temperature']);
  assert.ok(telemetry.temperature >= 18 && telemetry.temperature <= 26);
  assert.deepEqual(Object.keys(behaviour.twin.reported), [
    'targetTemperature',
    'maxTempSinceLastReboot',
  ]);
  assert.deepEqual(behaviour.twin.writable, [
    { name: 'targetTemperature', schema: { type: 'number' } },
  ]);
  const device = readBehaviour(behaviour)('device-1');
  const report = answer(device, 'getMaxMinReport', '2026-01-01T00:00:00Z');
  assert.equal(report.status, 200);
  assert.equal(typeof report.payload.maxTemp, 'number');
  assert.equal(report.payload.startTime, '1970-01-01T00:00:00.000Z');
  assert.equal(answer(device, 'getMaxMinReport', 'yesterday').status, 400);
});

test('components have messages, properties and commands of their own, from other files', () => {
  const { name, behaviour } = kindOf(thermostat, controller, deviceInformation);
  assert.equal(name, 'TemperatureController');
  assert.deepEqual(
    behaviour.telemetry.map(({ name, component }) => [name, component]),
    [
      ['telemetry', undefined],
      ['thermostat1', 'thermostat1'],
      ['thermostat2', 'thermostat2'],
    ],
  );
  const { reported } = behaviour.twin;
  assert.equal(reported.thermostat1.__t, 'c');
  assert.deepEqual(Object.keys(reported.deviceInformation), ['__t', 'manufacturer', 'totalMemory']);
  assert.deepEqual(
    behaviour.methods.map(({ name }) => name),
    ['reboot', 'thermostat1*getMaxMinReport', 'thermostat2*getMaxMinReport'],
  );
  assert.equal(answer(readBehaviour(behaviour)('d'), 'reboot', 'soon').status, 400);
});

test('units of telemetry are in the messages, also those of fields and of components', () => {
  const { behaviour } = kindOf(thermostat, controller, deviceInformation);
  assert.deepEqual(
    behaviour.telemetry.map(({ units }) => units),
    [{ workingSet: 'KiB' }, { temperature: '°C' }, { temperature: '°C' }],
  );
  const node = {
    '@id': 'dtmi:com:example:Node;1',
    '@type': 'Object',
    fields: [
      { name: 'speed', schema: 'double', unit: 'kilometrePerHour' },
      { name: 'share', schema: 'double', unit: 'unity' },
      { name: 'next', schema: 'dtmi:com:example:Node;1' },
    ],
  };
  const [moving] = kindOf({
    ...base,
    schemas: [node],
    contents: [{ '@type': 'Telemetry', name: 'first', schema: node['@id'] }],
  }).behaviour.telemetry;
  assert.deepEqual(moving.units, { 'first.speed': 'km/h' });
});

test('names of units become symbols, or words if there is no symbol', () => {
  const symbols = {
    degreeCelsius: '°C',
    metrePerSecondSquared: 'm/s²',
    kilogramPerCubicMetre: 'kg/m³',
    squareMillimetre: 'mm²',
    mebibitPerSecond: 'Mibit/s',
    minute: 'min',
    nauticalMile: 'nautical mile',
    kilowattHourPerYear: 'kilowatt hour per year',
    constructor: 'constructor',
  };
  for (const [name, symbol] of Object.entries(symbols)) assert.equal(symbolOf(name), symbol);
});

test('each kind of schema has values of its form, inherited contents too', () => {
  const { behaviour } = kindOf(everything, base);
  const { telemetry } = firstBodies(behaviour);
  assert.match(telemetry.uptime, /^PT\d+S$/);
  assert.equal(typeof telemetry.flag, 'boolean');
  assert.ok(Number.isInteger(telemetry.small) && telemetry.small >= 0 && telemetry.small <= 255);
  assert.ok(Number.isInteger(telemetry.large));
  assert.equal(telemetry.day, '2023-11-14');
  assert.equal(telemetry.clock, '22:13:20.000Z');
  assert.equal(telemetry.moment, '2023-11-14T22:13:20.000Z');
  assert.match(telemetry.money, /^\d+\.\d+$/);
  assert.equal(typeof telemetry.scaled.value, 'string');
  assert.equal(telemetry.where.type, 'Point');
  assert.ok(telemetry.where.coordinates.every((part) => typeof part === 'number'));
  assert.equal(telemetry.area.coordinates[0].length, 4);
  assert.match(telemetry.tree.children[1].id, /^[\da-f-]{36}$/);
  assert.ok(['switched on', '0'].includes(telemetry.state));
  assert.ok([1, 2].includes(telemetry.level));
  assert.equal(typeof telemetry.lights.room, 'boolean');
});

test('values of a writable property and of a request are checked against their schema', () => {
  const { behaviour } = kindOf(everything, base);
  const [{ schema }] = behaviour.twin.writable;
  const validator = new Validator(schema, '2020-12');
  for (const value of [{ speed: 3 }, { state: '0' }, {}, { speed: 255, state: 'switched on' }]) {
    assert.ok(validator.validate(value).valid, JSON.stringify(value));
  }
  for (const value of [3, { speed: 256 }, { speed: 1.5 }, { state: 'off' }, { other: 1 }]) {
    assert.ok(!validator.validate(value).valid, JSON.stringify(value));
  }
  const device = readBehaviour(behaviour)('device-1');
  const statusOf = (request) => answer(device, 'reset', request).status;
  assert.deepEqual([statusOf('warm'), statusOf(null), statusOf(1)], [200, 200, 400]);
});

test('unknown parts are left out and named with their paths, never guessed', () => {
  const model = structuredClone(thermostat);
  model['@context'] = ['dtmi:dtdl:context;2', 'dtmi:iotcentral:context;2'];
  model.contents[0].schema = 'vector';
  model.contents[1].schema = { '@type': 'Tuple' };
  model.contents[3].response.schema = { '@type': 'Enum', enumValues: [] };
  model.contents.push(
    { '@type': 'Relationship', name: 'heats' },
    { '@type': 'Cloud', name: 'owner', schema: 'string' },
  );
  const { scene, notes } = sceneOfModels(documentsOf(model));
  const expected = [
    /^0\.json\.@context: the extension dtmi:iotcentral:context;2 is not known/,
    /^0\.json\.contents\.4: a device has no relationships/,
    /^0\.json\.contents\.5: "Cloud" is not known/,
    /^0\.json\.contents\.1\.schema: is not a known schema/,
    /^0\.json\.contents\.0\.schema: the schema "vector" is not known/,
    /^0\.json\.contents\.3\.response\.schema: the Enum has no values/,
  ];
  for (const pattern of expected)
    assert.ok(
      notes.some((note) => pattern.test(note)),
      `${pattern}`,
    );
  assert.equal(notes.length, expected.length, notes.join('\n'));
  const { telemetry, twin } = scene.kinds[0].behaviour;
  assert.deepEqual([telemetry, twin.writable], [[], []]);
});

test('models that cannot be read are refused with the place of the mistake', () => {
  const changed = (model, change) => {
    const copy = structuredClone(model);
    change(copy);
    return copy;
  };
  const mistakes = [
    [[controller, thermostat], /contents\.5\.schema: dtmi:azure.*DeviceInformation;1 is in none/],
    [[everything], /extends\.0: dtmi:com:example:Base;1 is in none of the files/],
    [[thermostat, thermostat], /1\.json: dtmi:com:example:Thermostat;1 appears twice/],
    [[{ a: 1 }], /0\.json: is not an Interface/],
    [[changed(thermostat, (one) => delete one['@id'])], /has no "@id"/],
    [[changed(thermostat, (one) => (one['@context'] = 'dtmi:dtdl:context;1'))], /v2, v3 or v4/],
    [[changed(thermostat, (one) => delete one.contents[0].name)], /contents\.0: has no name/],
    [[changed(base, (one) => (one.extends = one['@id']))], /extends itself/],
    [
      [changed(thermostat, (one) => (one.contents[1].name = 'temperature'))],
      /contents\.1: the name "temperature" appears twice/,
    ],
  ];
  for (const [values, expected] of mistakes) {
    assert.throws(() => sceneOfModels(documentsOf(...values)), expected);
  }
  assert.throws(() => sceneOfModels([{ name: 'a.json', text: '{' }]), /a\.json: is not JSON/);
});

test('models and scenes are distinguished', () => {
  assert.ok(isModel(JSON.stringify([thermostat])) && isModel(`\uFEFF${JSON.stringify(base)}`));
  assert.ok(!isModel('{"version": 2}') && !isModel('[]') && !isModel('{'));
});

test('a device of a model announces it, and behaves by it at the hub', async (t) => {
  const { scene } = sceneOfModels(documentsOf(controller, thermostat, deviceInformation));
  const fleet = new Fleet();
  t.after(() => fleet.close());
  fleet.setScene(scene);
  const { connectionString, endpoint, ...rest } = await createDevice();
  const { ids } = await fleet.add([{ connectionString, endpoint }], 'TemperatureController');
  await fleet.start(ids);
  const { deviceId } = rest;
  const path = `/local/devices/${deviceId}/telemetry?count=3&timeout=20`;
  const { messages } = await callHub(hub, 'GET', path);
  assert.deepEqual(
    messages.map(({ systemProperties }) => systemProperties.componentName),
    [undefined, 'thermostat1', 'thermostat2'],
  );
  await fleet.getTwin(deviceId);
  const twin = await callHub(hub, 'GET', `/twins/${deviceId}?api-version=2021-04-12`);
  assert.equal(twin.modelId, controller['@id']);
  assert.equal(twin.properties.reported.thermostat1.targetTemperature.ac, 203);
});
