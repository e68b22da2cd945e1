/**
 * Units of DTDL as people write them. Names of units are regular, such as `kilometrePerHour`:
 * github.com/Azure/opendigitaltwins-dtdl, the extension QuantitativeTypes.
 */
import { aboutContent } from './dtdl-values.js';
import { listOf } from './dtdl.js';

const PREFIXES = {
  pico: 'p',
  nano: 'n',
  micro: 'µ',
  milli: 'm',
  centi: 'c',
  kilo: 'k',
  mega: 'M',
  giga: 'G',
  kibi: 'Ki',
  mebi: 'Mi',
  gibi: 'Gi',
  tebi: 'Ti',
};

const SYMBOLS = {
  ampere: 'A',
  bar: 'bar',
  bit: 'bit',
  byte: 'B',
  candela: 'cd',
  coulomb: 'C',
  day: 'd',
  decibel: 'dB',
  degree: '°',
  degreeCelsius: '°C',
  degreeFahrenheit: '°F',
  degreeOfArc: '°',
  farad: 'F',
  gForce: 'g',
  gram: 'g',
  henry: 'H',
  hertz: 'Hz',
  hour: 'h',
  joule: 'J',
  kelvin: 'K',
  kilowattHour: 'kWh',
  litre: 'l',
  lumen: 'lm',
  lux: 'lx',
  metre: 'm',
  minute: 'min',
  newton: 'N',
  newtonMetre: 'N m',
  ohm: 'Ω',
  pascal: 'Pa',
  percent: '%',
  radian: 'rad',
  revolution: 'r',
  second: 's',
  tesla: 'T',
  tonne: 't',
  volt: 'V',
  watt: 'W',
};

const POWERS = { square: '²', cubic: '³', Squared: '²' };

const PART = /^(?:(square|cubic)(?=[A-Z]))?(.*?)(Squared)?$/;
const PREFIXED = new RegExp(`^(${Object.keys(PREFIXES).join('|')})(.+)$`);

/** The maximum length in a scene. */
const MAX_LENGTH = 32;

/**
 * The units of a content and of the fields in it, by their paths.
 * @param {{name: string, unit?: unknown, schema: unknown}} raw
 * @param {(schema: unknown) => unknown} resolve
 * @returns {[string, string][]}
 */
export function unitsIn(raw, resolve, path = raw.name, outer = []) {
  const { unit } = aboutContent(raw, resolve);
  // The unit of a ratio is "unity".
  if (unit) return unit === 'unity' ? [] : [[path, symbolOf(unit)]];
  // A schema may have a field of its own kind.
  if (outer.includes(raw.schema)) return [];
  return listOf(resolve(raw.schema)?.fields).flatMap((field) =>
    unitsIn(field, resolve, `${path}.${field.name}`, [...outer, raw.schema]),
  );
}

/** `kilometrePerHour` is "km/h"; an unknown unit is returned in words. */
export function symbolOf(unit) {
  const symbols = unit.split('Per').map(symbolOfPart);
  if (symbols.every(Boolean)) return symbols.join('/');
  const words = unit.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.trim().slice(0, MAX_LENGTH);
}

function symbolOfPart(part) {
  const [, before, name, after] = PART.exec(lowerFirst(part));
  const base = lowerFirst(name);
  const split = Object.hasOwn(SYMBOLS, base) ? [] : (PREFIXED.exec(base) ?? []);
  const [, prefix, unit = base] = split;
  if (!Object.hasOwn(SYMBOLS, unit)) return undefined;
  return (PREFIXES[prefix] ?? '') + SYMBOLS[unit] + (POWERS[before ?? after] ?? '');
}

const lowerFirst = (text) => text.charAt(0).toLowerCase() + text.slice(1);
