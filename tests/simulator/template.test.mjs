import assert from 'node:assert/strict';
import { test } from 'node:test';

import { usages } from '../../simulator/src/generators.js';
import { randomFrom, seedOf } from '../../simulator/src/random.js';
import { readTemplate, TemplateError } from '../../simulator/src/template.js';

/** The first values of a template whose string is the generator. */
function valuesOf(generator, count = 200, { seed = 1, ...context } = {}) {
  const next = readTemplate(JSON.stringify(`{{${generator}}}`))(randomFrom(seed));
  return Array.from({ length: count }, (_, index) =>
    next({ now: index * 1000, deviceId: 'device', ...context }),
  );
}

/** The mistake in a template. */
function mistakeIn(text, options) {
  try {
    readTemplate(text, options);
  } catch (error) {
    assert.ok(error instanceof TemplateError, error.stack);
    return error;
  }
  return assert.fail(`${text} was taken`);
}

test('JSON without generators is sent as it is', () => {
  const value = { a: [1, -2.5e3, true, null, 'text'], b: { c: {}, d: [] }, 'é "': '\\n' };
  const next = readTemplate(JSON.stringify(value, null, 2))(randomFrom(1));
  assert.deepEqual(next({ now: 0, deviceId: 'd' }), value);
});

test('a range produces numbers from all of it, with the given decimals', () => {
  const values = valuesOf('range 20 25 1');
  assert.ok(values.every((value) => value >= 20 && value <= 25));
  assert.ok(Math.min(...values) < 20.5 && Math.max(...values) > 24.5);
  assert.ok(values.every((value) => Number(value.toFixed(1)) === value));
  assert.ok(values.some((value) => !Number.isInteger(value)));
  assert.ok(valuesOf('range -3 3 0').every(Number.isInteger));
});

test('a walk never steps too far, nor out of its bounds', () => {
  const values = valuesOf('walk 0 10 0.5 3', 2000);
  const steps = values.slice(1).map((value, index) => Math.abs(value - values[index]));
  assert.ok(Math.max(...steps) <= 0.501, `${Math.max(...steps)}`);
  assert.ok(Math.max(...steps) > 0.4);
  assert.ok(values.every((value) => value >= 0 && value <= 10));
});

test('a sine repeats after its period and covers its whole range', () => {
  const values = valuesOf('sine -10 10 60 6', 121);
  assert.ok(Math.abs(values[0] - values[60]) < 1e-5 && Math.abs(values[7] - values[67]) < 1e-5);
  assert.ok(Math.max(...values) > 9.9 && Math.min(...values) < -9.9);
});

test('a choice uses each of its values, and keeps numbers and literals of JSON', () => {
  const seen = new Set(valuesOf(`choice 1 true null word 'two words' "3"`));
  assert.deepEqual(seen, new Set([1, true, null, 'word', 'two words', '3']));
});

test('a counter counts', () => {
  assert.deepEqual(valuesOf('counter', 3), [1, 2, 3]);
  assert.deepEqual(valuesOf('counter 100 -5', 3), [100, 95, 90]);
});

test('gauss scatters around its mean', () => {
  const values = valuesOf('gauss 100 5', 2000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const near = values.filter((value) => Math.abs(value - 100) < 5).length / values.length;
  assert.ok(Math.abs(mean - 100) < 0.5, `${mean}`);
  assert.ok(near > 0.64 && near < 0.72, `${near}`);
});

test('drain falls to its end, and is full again', () => {
  const values = valuesOf('drain 100 10 30', 20);
  assert.ok(values[0] <= 100 && values[0] >= 10);
  for (const [index, value] of values.slice(1).entries()) {
    const before = values[index];
    assert.equal(value, before - 30 < 10 ? 100 : Number((before - 30).toFixed(2)));
  }
  assert.ok(values.includes(100));
});

test('follow approaches a desired property step by step; desired is its value', () => {
  const template = '["{{follow a.target 20 0.4 1}}", "{{desired a.target none}}", "{{desired b}}"]';
  const next = readTemplate(template)(randomFrom(1));
  const at = (desired) => next({ now: 0, deviceId: 'd', desired });
  assert.deepEqual(at({}), [20, 'none', null]);
  assert.deepEqual(at({ a: { target: 21 } }), [20.4, 21, null]);
  assert.deepEqual(at({ a: { target: 21 }, b: [1] }), [20.8, 21, [1]]);
  assert.equal(at({ a: { target: 21 } })[0], 21);
  assert.equal(at({ a: { target: 20.8 } })[0], 20.8);
  assert.equal(at({ a: { target: 'warm' } })[0], 20.8);
});

test('a sequence and a column return their values in turn, and start over', () => {
  assert.deepEqual(valuesOf("sequence 1 two 'three four'", 4), [1, 'two', 'three four', 1]);
  const next = readTemplate('"{{replay \'a b\'}}"', { columns: { 'a b': [7, null] } })(() => 0);
  const context = { now: 0, deviceId: 'd' };
  assert.deepEqual([next(context), next(context), next(context)], [7, null, 7]);
});

test('a boolean is true with the given probability', () => {
  const share = (generator) => valuesOf(generator, 2000).filter(Boolean).length / 2000;
  assert.ok(Math.abs(share('boolean') - 0.5) < 0.05);
  assert.ok(Math.abs(share('boolean 0.1') - 0.1) < 0.03);
  assert.deepEqual(new Set(valuesOf('boolean')), new Set([true, false]));
});

test('a route goes through its points at its speed, to its end and back', () => {
  // A degree of latitude is 111.2 km: at 400.3 km/h that is 1,000 seconds.
  const places = valuesOf('route 400.3 47,8 48,8 48,8.5', 4000);
  const steps = places.slice(1).map((place, at) => Math.abs(place.latitude - places[at].latitude));
  assert.ok(Math.max(...steps) < 0.00101 && Math.max(...steps) > 0.00099);
  const latitudes = places.map(({ latitude }) => latitude);
  const longitudes = places.map(({ longitude }) => longitude);
  assert.ok(Math.min(...latitudes) >= 47 && Math.min(...latitudes) < 47.001);
  assert.deepEqual([Math.max(...latitudes), Math.min(...longitudes)], [48, 8]);
  assert.ok(Math.max(...longitudes) <= 8.5 && Math.max(...longitudes) > 8.499);
  assert.ok(places.every(({ latitude, longitude }) => latitude === 48 || longitude === 8));
  const other = valuesOf('route 400.3 47,8 48,8 48,8.5', 1, { seed: 2 });
  assert.notDeepEqual(other[0], places[0], 'devices begin in different places');
});

test('an expression calculates with fields before it, values, and what is desired', () => {
  const template = `{
    "celsius": 20, "level": 5,
    "fahrenheit": "{{= celsius * 1.8 + 32}}",
    "inner": {"celsius": 30, "sum": "{{= celsius + level}}", "is": "{{= mode == 'on' ? 1 : 2}}"},
    "outer": "{{= inner.celsius}}",
    "text": "{{deviceId}} at {{= desired.a[1] ?? 'none'}}",
    "none": "{{= desired.x.y + 1}}"
  }`;
  const values = new Map([
    ['mode', 'on'],
    ['level', 1],
  ]);
  const next = readTemplate(template, { values: ['mode', 'level'] })(randomFrom(1));
  assert.deepEqual(next({ now: 0, deviceId: 'd', desired: { a: [1, 2] }, values }), {
    celsius: 20,
    level: 5,
    fahrenheit: 68,
    inner: { celsius: 30, sum: 35, is: 1 },
    outer: 30,
    text: 'd at 2',
    none: null,
  });
});

test('an expression reaches plain data only, and never throws while it runs', () => {
  const desired = JSON.parse('{"a": {"toString": 1, "length": 2}, "__proto__": {"b": 3}}');
  const results = {
    'desired.a + 1': null,
    'desired.a < 1': false,
    'desired.a.toString': 1,
    'desired.constructor': null,
    'desired["constructor"]["constructor"]': null,
    "'text'.length": null,
    'desired[desired]': null,
    'desired.__proto__.b': 3,
    "'a' + 'a'": null,
    '1 / 0': null,
    'sqrt(-1)': null,
    'round(2.345, 2)': 2.35,
    'toward(20, 30, 4) + clamp(7, 1, 5) + max(1, 2) + -abs(-3)': 28,
    '1 < 2 && !(2 <= 1) || 1 / 0': true,
    '7 % 4 * 2 ** 3': 24,
  };
  for (const [expression, expected] of Object.entries(results)) {
    const next = readTemplate(JSON.stringify(`{{= ${expression}}}`))(randomFrom(1));
    assert.deepEqual(next({ now: 0, deviceId: 'd', desired }), expected, expression);
  }
});

test('a uuid is one of version 4, another each time', () => {
  const values = valuesOf('uuid', 100);
  const form = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  assert.ok(values.every((value) => form.test(value)));
  assert.equal(new Set(values).size, 100);
});

test('time and device id are those of the message', () => {
  const context = { deviceId: 'van-7' };
  assert.deepEqual(valuesOf('time', 2), ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:01.000Z']);
  assert.deepEqual(valuesOf('time unix', 2), [0, 1]);
  assert.deepEqual(valuesOf('time date', 1), ['1970-01-01']);
  assert.deepEqual(valuesOf('time clock', 2), ['00:00:00.000Z', '00:00:01.000Z']);
  assert.deepEqual(valuesOf('deviceId', 1, context), ['van-7']);
});

test('the request of a method can be part of its response', () => {
  const text = '{"all": "{{request}}", "one": "{{request.a.b}}", "none": "{{request.a.x.y}}"}';
  const next = readTemplate(text, { withRequest: true })(randomFrom(1));
  const request = { a: { b: [1] } };
  const value = next({ now: 0, deviceId: 'd', request });
  assert.deepEqual(value, { all: request, one: [1], none: null });
});

test('generators within a text are put into it', () => {
  const next = readTemplate('"{{deviceId}}: {{counter}} of {{choice null}}"')(randomFrom(1));
  const context = { now: 0, deviceId: 'd' };
  assert.deepEqual([next(context), next(context)], ['d: 1 of null', 'd: 2 of null']);
});

test('the same seed produces the same values, another produces others', () => {
  for (const generator of ['range 0 1 9', 'walk 0 1 0.1 9', 'choice 1 2 3', 'sine 0 1 60 9']) {
    assert.deepEqual(valuesOf(generator, 50), valuesOf(generator, 50), generator);
    assert.notDeepEqual(valuesOf(generator, 50), valuesOf(generator, 50, { seed: 2 }), generator);
  }
  assert.notEqual(seedOf('device-1'), seedOf('device-2'));
});

test('devices do not share a counter', () => {
  const begin = readTemplate('"{{counter}}"');
  const [one, other] = [begin(randomFrom(1)), begin(randomFrom(1))];
  const context = { now: 0, deviceId: 'd' };
  assert.deepEqual([one(context), one(context), other(context)], [1, 2, 1]);
});

test('a mistake in JSON is reported with its place', () => {
  const mistakes = {
    '': [1, 1],
    '{\n  "a": abc\n}': [2, 8],
    '{"a": 1,}': [1, 9],
    '{"a": 1} 2': [1, 10],
    '{"a"\n  1}': [2, 3],
    '[1\n 2]': [2, 2],
    '// a\n1': [1, 1],
    '{"a": "x': [1, 7],
  };
  for (const [text, [line, column]] of Object.entries(mistakes)) {
    const { at, message } = mistakeIn(text);
    assert.deepEqual(at, { line, column: at.column }, text);
    assert.ok(Math.abs(at.column - column) <= 1, `${text}: ${at.column}`);
    assert.ok(message.length > 10, message);
  }
});

test('a mistake in a generator is reported with its place and what is possible', () => {
  const mistakes = {
    'rnge 1 2':
      /no "rnge".*range, walk, sine, .*choice, .*counter, time, uuid, route, replay, deviceId, =/,
    'gauss 1': /gauss: it takes 2 to 3 arguments/,
    'drain 1 2 1': /1 is not more than 2/,
    'drain 2 1 0': /step must be above 0/,
    desired: /takes a path/,
    'follow a 1 0': /step must be above 0/,
    'follow a': /2 to 3 arguments, not 0/,
    '': /empty/,
    'range 1': /range: it takes 2 to 3 arguments, not 1; write \{\{range MIN MAX/,
    'range a 2': /"a" is not a number/,
    'range 2 1': /2 is more than 1/,
    'range 1 2 -1': /decimals/,
    'walk 1 2 0': /step must be above 0/,
    'sine 1 2 0': /period must be above 0/,
    choice: /choose from/,
    'counter 1 2 3': /0 to 2 arguments/,
    'time local': /one of unix, date, clock, or nothing/,
    'boolean 2': /from 0 to 1/,
    sequence: /go through/,
    'route 50': /two or more points/,
    'route 50 1,2 91,0': /"91,0" is not a point/,
    'route 50 1,2 1,2': /all the same/,
    'route 0 1,2 1,3': /speed must be above 0/,
    'replay x': /no column "x"; it has none/,
    '=': /the expression is empty/,
    '= a': /no "a"; the names are .*desired, deviceId/,
    '= 1 2': /more than one expression/,
    "= desired.constructor('return 1')()": /only functions can be called/,
    '= constructor()': /no function "constructor\(\)"/,
    '= min()': /min\(\) takes 1 or more arguments, not 0/,
    '= clamp(1)': /clamp\(\) takes 3 arguments, not 1/,
    '= desired = 1': /Unexpected "=" at character 10/,
    '= 1 ^ 2': /no operator \^/,
    '= this': /can contain only values, operators and functions/,
    'deviceId x': /0 arguments/,
    constructor: /no "constructor"/,
    'request.a': /no "request.a" outside of the payload of a method/,
  };
  for (const [generator, expected] of Object.entries(mistakes)) {
    const { at, message } = mistakeIn(`{\n  "a": "x {{${generator}}}"\n}`);
    assert.match(message, expected);
    assert.deepEqual(at, { line: 2, column: 11 });
  }
});

test('a mistake is reported at its generator, whatever comes before it in the text', () => {
  const columns = {
    '"{{foo}}"': 2,
    '"room {{counter}} {{foo}}"': 19,
    '"\\"\\u00e9\\\\ {{foo}}"': 13,
    '"{{counter}} {{range 1 2"': 14,
  };
  for (const [text, column] of Object.entries(columns)) {
    assert.deepEqual(mistakeIn(text).at, { line: 1, column }, text);
  }
  assert.match(mistakeIn('"{{range 1 2"').message, /no }}/);
});

test('braces in quotes are text, and an apostrophe within a word quotes nothing', () => {
  const bodies = {
    "{{'{{'}}": '{{',
    "{{'{{'}}counter}} is written": '{{counter}} is written',
    "{{choice '}}'}}": '}}',
    '{{choice "{{a}}"}} and }}': '{{a}} and }}',
    "{{= '}}'}}": '}}',
    "{{choice it's}} and it's {{counter}}": "it's and it's 1",
    "{{choice '90s}} isn't": "'90s isn't",
  };
  for (const [text, body] of Object.entries(bodies)) {
    const next = readTemplate(JSON.stringify(text))(randomFrom(1));
    assert.equal(next({ now: 0, deviceId: 'd' }), body, text);
  }
});

test('invalid or unreadable JSON is refused with its place', () => {
  for (const value of ['1e999', '"{{gauss 1e308 1e308}}"', '"{{counter 1e308 1e308}}"']) {
    const { at, message } = mistakeIn(`{\n  "a": ${value}\n}`);
    assert.match(message, /numbers go up to 1e\+300/, value);
    assert.deepEqual(at, { line: 2, column: value.startsWith('"') ? 9 : 8 });
  }
  assert.match(mistakeIn('{"a": "{{desired x 1e999}}"}').message, /numbers go up to/);
  const deep = (levels) => '{"a":'.repeat(levels) + '"{{{ \\" {"' + '}'.repeat(levels);
  assert.match(mistakeIn(deep(5000)).message, /nested deeper than 100 levels/);
  assert.match(mistakeIn(deep(90)).message, /no }}/);
});

test('a million braces are read quickly', () => {
  assert.match(mistakeIn(JSON.stringify('{'.repeat(1_000_000))).message, /no }}/);
});

test('the help lists each generator in a form that is valid or lacks only its values', () => {
  for (const [name, usage] of Object.entries(usages)) {
    const { message } = mistakeIn('"{{nothing}}"', { withRequest: true });
    assert.ok(message.includes(name), `${name} is not known`);
    assert.ok(usage.startsWith(`{{${name}`), usage);
  }
});
