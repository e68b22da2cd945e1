/** Reads the options of the command line, and reports mistakes in them. */
import { parseArgs } from 'node:util';

/** The exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, threshold: 3 };

/** A mistake in the command line. */
export class UsageError extends Error {}

/** An error that stops the command, and that its user can resolve. */
export class CommandError extends Error {}

/**
 * Reads the options of a command.
 * @template {import('node:util').ParseArgsConfig['options']} Options
 * @param {string[]} args
 * @param {Options} options
 * @param {string[]} names of the positional arguments; one that ends with `?` is optional, one that
 *   ends with `...` takes one or more values
 */
export function readOptions(args, options, names = []) {
  const { values, positionals } = parse(args, { ...options, help: { type: 'boolean' } });
  const required = names.filter((name) => !name.endsWith('?'));
  const most = names.at(-1)?.endsWith('...') ? Infinity : names.length;
  if (!values.help && positionals.length < required.length) {
    throw new UsageError(`${required[positionals.length].replace('...', '')} is missing`);
  }
  if (positionals.length > most) {
    throw new UsageError(`unexpected argument "${positionals[most]}"`);
  }
  return { values, positionals };
}

function parse(args, options) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** A whole number of at least `least`; `undefined` if the option was not given. */
export function wholeNumber(option, text, least = 0) {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`${option} takes a whole number of at least ${least}, not "${text}"`);
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a text such as `500ms`, `30s`, `10m`, `2h`. */
export function duration(option, text) {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (unit) return Number(number) * UNITS[unit];
  throw new UsageError(`${option} takes a time such as 500ms, 30s, 10m or 2h, not "${text}"`);
}

/** The rate per second, of a text such as `200/s`. */
export function ratePerSecond(option, text) {
  if (text === undefined) return undefined;
  const [, number] = /^(\d+(?:\.\d+)?)\/s$/.exec(text) ?? [];
  if (Number(number) > 0) return Number(number);
  throw new UsageError(`${option} takes a rate such as 200/s, not "${text}"`);
}

/** The prefix of device ids. */
export function checkPrefix(text = '') {
  if (/^[A-Za-z0-9._-]{0,64}$/.test(text)) return;
  throw new UsageError('--prefix takes up to 64 characters of A-Z a-z 0-9 . _ -');
}

/** The URL of a WebSocket. */
export function webSocketUrl(option, text) {
  if (text === undefined || (URL.canParse(text) && /^wss?:/.test(text))) return text;
  throw new UsageError(`${option} takes a WebSocket URL, ws: or wss:, not "${text}"`);
}
