/** The arguments after the name of a generator. */
import { checkNumber } from './limits.js';

/** Words between spaces; text in quotes is one word. */
export function words(source) {
  return [...source.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, double, single]) => {
    const quoted = double ?? single;
    return { text: quoted ?? word, isQuoted: quoted !== undefined };
  });
}

/** JSON literals and numbers keep their types; everything else, and text in quotes, is a string. */
export function valueOf({ text, isQuoted }) {
  if (isQuoted) return text;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  checkNumber(value);
  return value;
}

export function numbers(args, least, most) {
  if (args.length < least || args.length > most) {
    const count = least === most ? least : `${least} to ${most}`;
    throw new Error(`it takes ${count} arguments, not ${args.length}`);
  }
  return args.map(({ text }) => {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(`"${text}" is not a number`);
    checkNumber(number);
    return number;
  });
}

export function bounds(args, least, most) {
  const [min, max, ...rest] = numbers(args, least, most);
  if (min > max) throw new Error(`${min} is more than ${max}`);
  return [min, max, ...rest];
}

export function rounding(decimals) {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 15) {
    throw new Error('decimals must be a whole number from 0 to 15');
  }
  return (value) => Number(value.toFixed(decimals));
}
