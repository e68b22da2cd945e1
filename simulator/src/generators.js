/**
 * The generators: what may be between double braces in a template.
 *
 * Each generator reads its arguments once. Then `begin` is called for each device, with its own
 * source of random numbers, and returns the function that creates the values.
 *
 * @typedef {object} Context what a value is created for
 * @property {number} now milliseconds since 1970
 * @property {string} deviceId
 * @property {object} desired the desired properties that the device knows
 * @property {import('./values.js').DeviceValues} [values]
 * @property {{members: Map<string, unknown>, outer?: object}} [fields] of the message so far
 * @property {unknown} [request] the payload of a method call
 *
 * @typedef {(random: () => number) => (context: Context) => unknown} Begin
 */
import { readExpression } from './expression.js';
import { bounds, numbers, rounding, valueOf, words } from './generator-arguments.js';
import { finderOf, namesOf } from './names.js';
import { readRoute } from './route.js';
import { memberAt } from './twin.js';

/** The syntax of each; the page shows it as help. */
export const usages = {
  range: '{{range MIN MAX [DECIMALS]}}',
  walk: '{{walk MIN MAX STEP [DECIMALS]}}',
  sine: '{{sine MIN MAX SECONDS [DECIMALS]}}',
  gauss: '{{gauss MEAN DEVIATION [DECIMALS]}}',
  drain: '{{drain FROM TO STEP [DECIMALS]}}',
  desired: '{{desired PATH [DEFAULT]}}',
  follow: '{{follow PATH START STEP [DECIMALS]}}',
  choice: '{{choice A B ...}}',
  sequence: '{{sequence A B ...}}',
  boolean: '{{boolean [PROBABILITY]}}',
  counter: '{{counter [START [STEP]]}}',
  time: '{{time}}, {{time unix}}, {{time date}} or {{time clock}}',
  uuid: '{{uuid}}',
  route: '{{route SPEED POINT POINT ...}}',
  replay: '{{replay COLUMN}}',
  deviceId: '{{deviceId}}',
  '=': '{{= EXPRESSION}}',
  "'TEXT'": "{{'TEXT'}}",
  request: '{{request}} or {{request.NAME}}, in the payload of a method',
};

const DEFAULT_DECIMALS = 2;

const isoTime = (now) => new Date(now).toISOString();

/** Formats of a time other than ISO 8601. */
const timeForms = {
  unix: (now) => Math.floor(now / 1000),
  date: (now) => isoTime(now).slice(0, 10),
  clock: (now) => isoTime(now).slice(11),
};

const generators = {
  range(args) {
    const [min, max, decimals = DEFAULT_DECIMALS] = bounds(args, 2, 3);
    const round = rounding(decimals);
    return (random) => () => round(min + (max - min) * random());
  },

  walk(args) {
    const [min, max, step, decimals = DEFAULT_DECIMALS] = bounds(args, 3, 4);
    if (step <= 0) throw new Error('its step must be above 0');
    const round = rounding(decimals);
    return (random) => {
      let value;
      return () => {
        const next =
          value === undefined ? min + (max - min) * random() : value + step * (2 * random() - 1);
        value = Math.min(max, Math.max(min, next));
        return round(value);
      };
    };
  },

  sine(args) {
    const [min, max, seconds, decimals = DEFAULT_DECIMALS] = bounds(args, 3, 4);
    if (seconds <= 0) throw new Error('its period must be above 0 seconds');
    const round = rounding(decimals);
    return (random) => {
      // Devices with the same phase would look like one.
      const phase = random();
      return ({ now }) => {
        const turn = 2 * Math.PI * (now / (seconds * 1000) + phase);
        return round(min + ((max - min) * (1 + Math.sin(turn))) / 2);
      };
    };
  },

  gauss(args) {
    const [mean, deviation, decimals = DEFAULT_DECIMALS] = numbers(args, 2, 3);
    const round = rounding(decimals);
    // The method of Box and Muller; 1 - random() is never 0.
    return (random) => () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      return round(mean + deviation * radius * Math.cos(2 * Math.PI * random()));
    };
  },

  /** Like a battery that is charged again when it is empty. */
  drain(args) {
    const [from, to, step, decimals = DEFAULT_DECIMALS] = numbers(args, 3, 4);
    if (step <= 0) throw new Error('its step must be above 0');
    if (from <= to) throw new Error(`${from} is not more than ${to}`);
    const round = rounding(decimals);
    return (random) => {
      let next = from - (from - to) * random();
      return () => {
        const value = next;
        next = value - step < to ? from : value - step;
        return round(value);
      };
    };
  },

  desired([path, fallback, ...more]) {
    if (path === undefined || more.length > 0) throw new Error('it takes a path and a default');
    const names = path.text.split('.');
    const value = fallback === undefined ? null : valueOf(fallback);
    return () =>
      ({ desired }) =>
        memberAt(desired, names) ?? value;
  },

  /** Approaches the value of a desired property, step by step. */
  follow([path, ...args]) {
    if (path === undefined) throw new Error('it takes the path of a desired property first');
    const [start, step, decimals = DEFAULT_DECIMALS] = numbers(args, 2, 3);
    if (step <= 0) throw new Error('its step must be above 0');
    const names = path.text.split('.');
    const round = rounding(decimals);
    return () => {
      let value = start;
      return ({ desired }) => {
        const target = memberAt(desired, names);
        const way = typeof target === 'number' ? target - value : 0;
        value += Math.sign(way) * Math.min(step, Math.abs(way));
        return round(value);
      };
    };
  },

  choice(args) {
    if (args.length === 0) throw new Error('it needs something to choose from');
    const values = args.map(valueOf);
    return (random) => () => values[Math.floor(random() * values.length)];
  },

  sequence(args) {
    if (args.length === 0) throw new Error('it needs something to go through');
    return inTurn(args.map(valueOf));
  },

  boolean(args) {
    const [probability = 0.5] = numbers(args, 0, 1);
    if (probability < 0 || probability > 1) throw new Error('its probability must be from 0 to 1');
    return (random) => () => random() < probability;
  },

  counter(args) {
    const [start = 1, step = 1] = numbers(args, 0, 2);
    return () => {
      let next = start;
      return () => {
        const value = next;
        next += step;
        return value;
      };
    };
  },

  time(args) {
    const [form, ...more] = args.map(({ text }) => text);
    if (more.length > 0 || (form !== undefined && !Object.hasOwn(timeForms, form))) {
      throw new Error(`it takes one of ${Object.keys(timeForms).join(', ')}, or nothing`);
    }
    const write = form === undefined ? isoTime : timeForms[form];
    return () =>
      ({ now }) =>
        write(now);
  },

  uuid(args) {
    numbers(args, 0, 0);
    const digit = (random, from = 0, count = 16) =>
      (from + Math.floor(count * random())).toString(16);
    // Version 4, variant 1: RFC 9562, section 5.4.
    return (random) => () =>
      'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) =>
        place === 'x' ? digit(random) : digit(random, 8, 4),
      );
  },

  /** With the speed in km/h; each device begins somewhere on the route. */
  route([speed, ...points]) {
    if (speed === undefined) throw new Error('it takes a speed, in km/h, and points');
    const [kilometresPerHour] = numbers([speed], 1, 1);
    if (kilometresPerHour <= 0) throw new Error('its speed must be above 0');
    const route = readRoute(points.map(({ text }) => text));
    return (random) => {
      const offset = route.length * random();
      let begun;
      return ({ now }) => {
        begun ??= now;
        return route.at(offset + ((now - begun) * kilometresPerHour) / 3600);
      };
    };
  },

  replay([column, ...more], { columns = {} }) {
    if (column === undefined || more.length > 0) throw new Error('it takes the name of a column');
    if (!Object.hasOwn(columns, column.text)) {
      const known = Object.keys(columns).join(', ') || 'none';
      throw new Error(`the behaviour has no column "${column.text}"; it has ${known}`);
    }
    return inTurn(columns[column.text]);
  },

  deviceId(args) {
    numbers(args, 0, 0);
    return () =>
      ({ deviceId }) =>
        deviceId;
  },
};

/**
 * Parses the text between the braces.
 * @param {string} source
 * @param {import('./names.js').Known} [known]
 * @returns {Begin}
 */
export function readGenerator(source, known = {}) {
  const { withRequest = false } = known;
  const expression = /^\s*=(.*)$/s.exec(source);
  if (expression) return readExpression(expression[1], finderOf(known), namesOf(known));
  const [name, ...args] = words(source);
  if (name === undefined) throw new Error(`the braces are empty; ${knownNames(withRequest)}`);
  if (name.isQuoted && args.length === 0) return () => () => name.text;
  const path = /^request(?:\.(.+))?$/.exec(name.text);
  if (path && withRequest) return requestReader(path[1]?.split('.') ?? []);
  if (!Object.hasOwn(generators, name.text)) {
    const where = path ? ' outside of the payload of a method' : '';
    throw new Error(`there is no "${name.text}"${where}; ${knownNames(withRequest)}`);
  }
  try {
    return generators[name.text](args, known);
  } catch (error) {
    throw new Error(`${name.text}: ${error.message}; write ${usages[name.text]}`, { cause: error });
  }
}

/** Returns the values one after the other, then starts over. */
function inTurn(values) {
  return () => {
    let next = 0;
    return () => {
      const value = values[next];
      next = (next + 1) % values.length;
      return value;
    };
  };
}

/** Missing values become `null`. */
function requestReader(path) {
  return () =>
    ({ request }) =>
      memberAt(request, path) ?? null;
}

function knownNames(withRequest) {
  const names = Object.keys(usages).filter((name) => withRequest || name !== 'request');
  return `the generators are ${names.join(', ')}`;
}
