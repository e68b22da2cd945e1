/** What a device does over time, in virtual time: hours of it without a hub. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readBehaviour } from '../../simulator/src/behaviour.js';
import { answerTo } from '../../simulator/src/method.js';
import { checkBehaviour } from '../../simulator/src/scene.js';
import { Timeline } from '../../simulator/src/timeline.js';
import { behaviourOf } from './scenes.mjs';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

/**
 * A device in virtual time; `log` records what it did, and when. Its messages are sent at whole
 * periods, unless it has its own phase.
 */
function createDevice(behaviour, options = {}) {
  const { seed = 1, deviceId = 'device-1', hasOwnPhase = false } = options;
  const device = readBehaviour(checkBehaviour(behaviour), seed)(deviceId);
  if (!hasOwnPhase) device.phase = 0;
  const log = [];
  let now = 0;
  let desired = {};
  const note = (what, detail) => log.push(detail === undefined ? [now, what] : [now, what, detail]);
  const timeline = new Timeline(device, {
    moment: () => ({ now: START + now, desired }),
    send: (message) =>
      note(message.settings.name, JSON.parse(message.next(START + now, desired).text)),
    report: (properties) => note('report', properties),
    upload: (name, bytes) => note('upload', { name, bytes }),
    goOffline: () => note('offline'),
    goOnline: () => note('online'),
  });
  return {
    log,
    timesOf: (name) => log.filter(([, what]) => what === name).map(([time]) => time),
    bodiesOf: (name) => log.filter(([, what]) => what === name).map(([, , body]) => body),
    pass(milliseconds) {
      const end = now + milliseconds;
      for (; timeline.dueMs <= end; timeline.next()) now = timeline.dueMs;
      now = end;
      return log;
    },
    desire(next) {
      desired = next;
      timeline.takeDesired(desired, now);
    },
    call: (method, request) => timeline.takeCall(method, request, now),
    answer: (name, payload) => answerTo({ name, payload }, device, START + now, desired),
  };
}

/** A device with a message `beat` in each second, and the given parts. */
const beating = ({ telemetry = [], ...parts }, options) => {
  const beat = { name: 'beat', template: '"{{counter}}"', periodMs: 1000, isOn: true };
  return createDevice(behaviourOf({ ...parts, telemetry: [beat, ...telemetry] }), options);
};

const event = (trigger, ...actions) => ({ name: 'event', trigger, actions });

test('jitter makes a message late by a part of its period, and does not change the pace', () => {
  const device = createDevice(
    behaviourOf({ telemetry: { name: 'beat', periodMs: 1000, jitter: 1, isOn: true } }),
  );
  device.pass(100_000);
  const times = device.timesOf('beat');
  const late = times.slice(1).map((time, index) => time - (index + 1) * 1000);
  assert.ok(
    late.every((one) => one >= 0 && one <= 1000),
    `${late}`,
  );
  assert.ok(Math.max(...late) - Math.min(...late) > 500, `${late}`);
  assert.ok(Math.abs(times.length - 100) <= 1, `${times.length}`);
});

test('devices that start together send immediately, and then spread over the period', () => {
  const periods = { fast: 5000, slow: MINUTE };
  const telemetry = Object.entries(periods).map(([name, periodMs]) => ({
    name,
    periodMs,
    isOn: true,
  }));
  const timesOf = (options) => {
    const device = createDevice(behaviourOf({ telemetry }), { hasOwnPhase: true, ...options });
    device.pass(3 * MINUTE);
    return { fast: device.timesOf('fast').slice(0, 4), slow: device.timesOf('slow') };
  };
  const devices = Array.from({ length: 200 }, (_, index) => timesOf({ deviceId: `sim-${index}` }));
  for (const [name, periodMs] of Object.entries(periods)) {
    for (const { [name]: times } of devices) {
      const [first, second, ...others] = times;
      assert.equal(first, 0);
      assert.ok(second > 0 && second <= periodMs, `${second}`);
      const expected = others.map((_, index) => second + (index + 1) * periodMs);
      assert.deepEqual(others.map(Math.round), expected.map(Math.round));
    }
    const tenths = new Array(10).fill(0);
    for (const { [name]: times } of devices) tenths[Math.ceil((times[1] / periodMs) * 10) - 1] += 1;
    assert.ok(
      tenths.every((count) => count > 8 && count < 40),
      `${name}: ${tenths}`,
    );
  }
  assert.deepEqual(timesOf({ deviceId: 'sim-7' }), devices[7]);
  assert.notDeepEqual(timesOf({ deviceId: 'sim-7', seed: 2 }), devices[7]);
});

test('by time: a window without a connection, at its time and again', () => {
  const trigger = { type: 'time', afterMs: 10_500, everyMs: MINUTE };
  const device = beating({ events: [event(trigger, { type: 'offline', forMs: 5000 })] });
  device.pass(2 * MINUTE);
  assert.deepEqual(device.timesOf('offline'), [10_500, 70_500]);
  assert.deepEqual(device.timesOf('online'), [15_500, 75_500]);
  const beats = device.timesOf('beat');
  assert.deepEqual(beats.slice(9, 13), [9000, 10_000, 16_000, 17_000]);
  // Messages that are not sent are not created: the counter does not jump.
  assert.deepEqual(device.bodiesOf('beat').slice(10, 12), [11, 12]);
});

test('at random: about as often as the mean interval says, and not regularly', () => {
  const trigger = { type: 'random', meanMs: MINUTE };
  const device = beating({ events: [event(trigger, { type: 'offline', forMs: 1 })] });
  device.pass(1000 * MINUTE);
  const times = device.timesOf('offline');
  assert.ok(times.length > 900 && times.length < 1100, `${times.length}`);
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  assert.ok(Math.min(...gaps) < MINUTE / 20 && Math.max(...gaps) > 4 * MINUTE);
});

const battery = {
  values: [
    { name: 'charging', start: false },
    {
      name: 'battery',
      start: 10,
      next: '{{= clamp(battery + (charging ? 5 : -1), 0, 100)}}',
    },
  ],
  events: [
    {
      name: 'empty',
      trigger: { type: 'condition', expression: 'battery == 0' },
      actions: [{ type: 'set', values: { charging: true } }, { type: 'offline' }],
    },
    {
      name: 'full',
      trigger: { type: 'condition', expression: 'charging && battery >= 20' },
      actions: [{ type: 'set', values: { charging: false } }, { type: 'online' }],
    },
  ],
};

test('a battery drains, is empty, charges and is back, by values and conditions', () => {
  const device = beating({
    ...battery,
    telemetry: [{ name: 'state', template: '"{{= battery}}"', periodMs: 1000, isOn: true }],
  });
  device.pass(40_000);
  assert.deepEqual(device.timesOf('offline'), [10_000, 34_000]);
  assert.deepEqual(device.timesOf('online'), [14_000, 38_000]);
  const charges = device.bodiesOf('state');
  assert.deepEqual(charges.slice(0, 12), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 20, 19]);
});

test('a condition sends, reports and uploads when it turns true, once', () => {
  const device = beating({
    telemetry: [{ name: 'alarm', template: '{"heat": "{{= heat}}"}' }],
    values: [{ name: 'heat', next: '{{sequence 1 2 5 6 2 7}}' }],
    events: [
      event(
        { type: 'condition', expression: 'heat > 4' },
        { type: 'send', message: 'alarm' },
        { type: 'report', properties: { heat: '{{= heat}}' } },
        { type: 'upload', name: '{{deviceId}}-{{= heat}}.log', bytes: 7 },
      ),
    ],
  });
  device.pass(6000);
  const others = device.log.filter(([, what]) => what !== 'beat');
  assert.deepEqual(others, [
    [2000, 'alarm', { heat: 5 }],
    [2000, 'report', { heat: 5 }],
    [2000, 'upload', { name: 'device-1-5.log', bytes: 7 }],
    [5000, 'alarm', { heat: 7 }],
    [5000, 'report', { heat: 7 }],
    [5000, 'upload', { name: 'device-1-7.log', bytes: 7 }],
  ]);
});

test('a burst sends a number of messages with its own period, and a pause stops periodic ones', () => {
  const burst = { type: 'send', message: 'beat', count: 3, periodMs: 100 };
  const device = beating({
    events: [
      { name: 'a', trigger: { type: 'time', afterMs: 2500 }, actions: [burst] },
      {
        name: 'b',
        trigger: { type: 'time', afterMs: 3500 },
        actions: [
          { type: 'pause', forMs: 2000 },
          { type: 'send', message: 'beat' },
        ],
      },
    ],
  });
  device.pass(7000);
  const times = [0, 1000, 2000, 2500, 2600, 2700, 3000, 3500, 6000, 7000];
  assert.deepEqual(device.timesOf('beat'), times);
});

test('a message is sent only while its own condition holds', () => {
  const values = [{ name: 'count', next: '{{counter}}' }];
  const always = { name: 'even', template: '"{{= count}}"', periodMs: 1000, isOn: true };
  const telemetry = { ...always, when: 'count % 2 == 0' };
  const device = createDevice(behaviourOf({ telemetry, values }));
  device.pass(6000);
  assert.deepEqual(device.bodiesOf('even'), [2, 4, 6]);
  const dropping = createDevice(
    behaviourOf({ telemetry: { ...always, template: '1', when: 'random() < 0.9' } }),
  );
  dropping.pass(1_000_000);
  const { length } = dropping.timesOf('even');
  assert.ok(length > 860 && length < 940, `${length}`);
});

const targets = {
  values: [
    { name: 'target', start: 20 },
    { name: 'temperature', start: 20, next: '{{= toward(temperature, target, 0.5)}}' },
  ],
  telemetry: [{ name: 'climate', template: '"{{= temperature}}"', periodMs: 1000, isOn: true }],
  methods: [
    { name: 'setTarget', delayMs: 0, status: 200, payload: '{}', request: { type: 'number' } },
  ],
  events: [
    {
      name: 'desired',
      trigger: { type: 'desired', property: 'climate.target' },
      actions: [{ type: 'set', values: { target: '{{= desired.climate.target}}' } }],
    },
    {
      name: 'called',
      trigger: { type: 'method', method: 'setTarget' },
      actions: [
        { type: 'set', values: { target: '{{request}}' } },
        { type: 'report', properties: { target: '{{= target}}' } },
      ],
    },
  ],
};

test('a value follows a desired property, and the payload of a method', () => {
  const device = beating(targets);
  device.pass(1000);
  device.desire({ climate: { target: 21 }, $version: 2 });
  device.pass(3000);
  assert.deepEqual(device.bodiesOf('climate'), [20, 20, 20.5, 21, 21]);
  device.call('setTarget', 19);
  device.pass(2000);
  assert.deepEqual(device.bodiesOf('climate').slice(5), [20.5, 20]);
  assert.deepEqual(device.bodiesOf('report'), [{ target: 19 }]);
  // The same value again is not a change; another value is.
  device.desire({ climate: { target: 21 }, other: 1, $version: 3 });
  device.pass(3000);
  assert.equal(device.bodiesOf('climate').at(-1), 19);
  device.desire({ climate: { target: 19.5 }, $version: 4 });
  device.pass(1000);
  assert.equal(device.bodiesOf('climate').at(-1), 19.5);
});

test('a refused call is reported as refused, so that nothing follows from it', () => {
  const device = beating(targets);
  assert.equal(device.answer('setTarget', 19).isTaken, true);
  assert.equal(device.answer('setTarget', 'warm').isTaken, false);
  assert.equal(device.answer('other').isTaken, false);
});

test('offline windows that overlap end with the later one', () => {
  const window = (afterMs, forMs) => ({
    name: `${afterMs}`,
    trigger: { type: 'time', afterMs },
    actions: [{ type: 'offline', forMs }],
  });
  const device = beating({
    events: [window(1000, 10_000), window(2000, 2000), window(3000, 9000)],
  });
  device.pass(20_000);
  assert.deepEqual([device.timesOf('offline'), device.timesOf('online')], [[1000], [12_000]]);
});

test('conditions that make each other true do not hang', () => {
  const flip = (from, to) => ({
    name: `to ${to}`,
    trigger: { type: 'condition', expression: `side == ${from}` },
    actions: [{ type: 'set', values: { side: to } }],
  });
  const device = beating({
    values: [
      { name: 'side', start: 0 },
      { name: 'clock', next: '{{counter}}' },
    ],
    events: [flip(0, 1), flip(1, 0)],
  });
  device.pass(10_000);
  assert.equal(device.timesOf('beat').length, 11);
});

const exampleOf = (name) => {
  const place = new URL(`../../simulator/scenes/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(place, 'utf8')).kinds[0].behaviour;
};

test('the room of the example approaches its target, set by a desired property or a method', () => {
  const device = createDevice(exampleOf('thermostat'));
  const isNear = (target) => {
    device.pass(5 * MINUTE);
    const { temperature } = device.bodiesOf('climate').at(-1);
    assert.ok(Math.abs(temperature - target) < 0.5, `${temperature} is not ${target}`);
  };
  isNear(21);
  device.desire({ targetTemperature: 28, $version: 2 });
  isNear(28);
  assert.equal(device.answer('setTarget', { targetTemperature: 99 }).status, 400);
  device.call('setTarget', { targetTemperature: 16 });
  isNear(16);
  assert.deepEqual(device.bodiesOf('report'), [{ targetTemperature: 16 }]);
});

test('the trackers of the example do everything that their description says', () => {
  const device = createDevice(exampleOf('trackers'));
  device.pass(60 * MINUTE);
  // One every five minutes, except those that are due while the device is offline.
  const uploads = device.timesOf('upload');
  assert.ok(uploads.length > 6 && uploads.every((time) => time % (5 * MINUTE) === 30_000));
  assert.ok(device.timesOf('offline').length > 30, 'tunnels and more');
  const alarms = new Set(device.bodiesOf('alarm').map(({ alarm }) => alarm));
  assert.deepEqual(alarms, new Set(['shock', 'battery low']));
  const charges = device.bodiesOf('position').map(({ battery }) => battery);
  assert.ok(Math.min(...charges) < 5 && Math.max(...charges) > 85);
  const beats = device.timesOf('position');
  assert.ok(!beats.some((time) => time > 90_000 && time < 110_000), 'the pause');
  const fields = device.bodiesOf('position');
  assert.ok(fields.every(({ celsius, fahrenheit }) => fahrenheit - celsius * 1.8 - 32 < 0.1));
});

/** Everything random in a device, for an hour. */
function hourOf(options) {
  const device = beating(
    {
      telemetry: [
        {
          name: 'climate',
          template: '{"t": "{{= temperature}}", "at": "{{route 50 47.3,8.5 47.4,8.6}}"}',
          periodMs: 5000,
          jitter: 0.5,
          isOn: true,
          when: 'random() < 0.9',
        },
      ],
      values: [
        {
          name: 'temperature',
          start: '{{range 18 22}}',
          next: '{{= temperature + random() - 0.5}}',
        },
      ],
      events: [
        {
          name: 'failure',
          trigger: { type: 'random', meanMs: 5 * MINUTE },
          actions: [{ type: 'offline', forMs: 20_000 }],
        },
        {
          name: 'hot',
          trigger: { type: 'condition', expression: 'temperature > 22' },
          actions: [
            { type: 'send', message: 'climate' },
            { type: 'upload', name: '{{uuid}}', bytes: 1 },
          ],
        },
      ],
    },
    { hasOwnPhase: true, ...options },
  );
  return device.pass(60 * MINUTE);
}

test('the same seed and device id do the same at the same times, others do something else', () => {
  const log = hourOf();
  assert.deepEqual(log, hourOf());
  const others = [hourOf({ seed: 2 }), hourOf({ deviceId: 'device-2' })];
  for (const what of ['climate', 'offline', 'upload']) {
    const timesIn = (one) => one.filter(([, name]) => name === what).map(([time]) => time);
    assert.ok(timesIn(log).length > 2, what);
    for (const other of others) assert.notDeepEqual(timesIn(other), timesIn(log), what);
  }
});
