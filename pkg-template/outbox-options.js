// The options that every store takes.
import { mustBe, optionsOf } from './arguments.js';

const NAMES = ['maxMessages', 'maxBytes', 'maxAge', 'whenFull', 'drainRate', 'encrypt', 'decrypt'];

/**
 * Checks the user's options, and fills in the defaults.
 * @param {any} options from the user
 * @param {...string} more names of options that the store checks itself
 */
export function outboxOptions(options, ...more) {
  const given = optionsOf(options, ...NAMES, ...more);
  const { whenFull = 'refuse', encrypt, decrypt } = given;
  if (whenFull !== 'refuse' && whenFull !== 'drop-oldest') {
    throw new TypeError('whenFull must be "refuse" or "drop-oldest"');
  }
  if (encrypt !== undefined || decrypt !== undefined) mustBe('function', { encrypt, decrypt });
  return {
    maxMessages: positive('maxMessages', given.maxMessages, 100_000),
    maxBytes: positive('maxBytes', given.maxBytes, 256 * 1024 ** 2),
    maxAgeMs: 1000 * positive('maxAge', given.maxAge, Infinity),
    whenFull,
    drainRate: positive('drainRate', given.drainRate, 100),
    encrypt: encrypt ? toBytes('encrypt', encrypt) : unchanged,
    decrypt: decrypt ? toBytes('decrypt', decrypt) : unchanged,
  };
}

const unchanged = async (body) => body;

/** Checks the result of a user's function: anything but bytes would be stored or sent as none. */
function toBytes(name, change) {
  return async (body) => {
    const bytes = bytesOf(await called(() => change(body)));
    if (bytes) return bytes;
    throw new TypeError(`${name} must return a Uint8Array or an ArrayBuffer`);
  };
}

/** For the user. A message that cannot be read is returned as it is stored. */
export async function readable(message, { decrypt }) {
  const body = await decrypt(message.body).catch(() => message.body);
  return { ...message, body };
}

/**
 * Calls the user's code. It may throw anything, even nothing, but the errors that users see repeat
 * the message of what it threw.
 * @template T
 * @param {() => T} call
 */
export async function called(call) {
  try {
    return await call();
  } catch (thrown) {
    if (typeof thrown?.message === 'string') throw thrown;
    throw new Error(String(thrown), { cause: thrown });
  }
}

/**
 * `undefined` for anything else. An array of another realm is not an instance of this realm's
 * class.
 */
export function bytesOf(value) {
  const kind = Object.prototype.toString.call(value);
  if (kind === '[object Uint8Array]') return value;
  return kind === '[object ArrayBuffer]' ? new Uint8Array(value) : undefined;
}

function positive(name, value, byDefault) {
  if (value === undefined) return byDefault;
  mustBe('number', { [name]: value });
  if (!(value > 0)) throw new RangeError(`${name} must be more than 0`);
  return value;
}
