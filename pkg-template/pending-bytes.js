// Counts the bytes that waiting calls hold. All clients share the memory of one module, which is
// limited to 4 GiB: a client that runs out of it breaks.
import { ClientError } from './errors.js';

/**
 * How much all clients may hold together. The core needs up to three times as much, and some room.
 */
const MOST = 1024 ** 3;

/** What they hold. */
let all = 0;

/** What the calls of one client hold. */
export class PendingBytes {
  #limit;
  #held = 0;

  /** @param {number} limit the option `maxPendingBytes` */
  constructor(limit) {
    this.#limit = limit;
  }

  /**
   * @throws {RangeError} if that is more than any call may hold
   * @throws {ClientError} if that is more than the waiting calls leave
   */
  check(bytes) {
    if (bytes > this.#limit) {
      throw new RangeError(
        `one call would hold ${bytes} bytes, more than maxPendingBytes, ${this.#limit}; ` +
          'send it in parts, or increase it',
      );
    }
    if (this.#held + bytes > this.#limit) {
      throw new ClientError(
        `${bytes} bytes and the ${this.#held} of waiting calls are more than ` +
          `maxPendingBytes, ${this.#limit}; await some calls first, or increase it`,
      );
    }
    if (all + bytes > MOST) {
      throw new ClientError(
        `${bytes} bytes and the ${all} of waiting calls are more than all clients may hold, ` +
          `${MOST}; await some calls first, or give each client a smaller maxPendingBytes`,
      );
    }
  }

  /** A call has begun to wait. */
  add(bytes) {
    this.#held += bytes;
    all += bytes;
  }

  /** It has ended. */
  remove(bytes) {
    this.add(-bytes);
  }
}

/** The bytes that a text may need: UTF-8 has up to three for a UTF-16 unit. */
export const bytesAtMost = (text) => 3 * text.length;
