/**
 * Returns the promise's value, or rejects with this sentence if it takes longer.
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} promise
 * @param {string} sentence what went wrong, for the reader
 * @returns {Promise<T>}
 */
export async function within(seconds, promise, sentence) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`${sentence} (waited ${seconds} s)`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The calls of a handler, which can be awaited one by one, in order. */
export class Inbox {
  #values = [];
  #takers = [];

  /** @param {string} name what arrives here, for the error of a wait that times out */
  constructor(name) {
    this.name = name;
    this.all = [];
  }

  /** The handler to set. */
  put = (value) => {
    this.all.push(value);
    const taker = this.#takers.shift();
    if (taker) taker(value);
    else this.#values.push(value);
  };

  /** Resolves with the next value. */
  take(seconds = 20) {
    if (this.#values.length) return Promise.resolve(this.#values.shift());
    const next = new Promise((resolve) => this.#takers.push(resolve));
    return within(seconds, next, `no ${this.name} arrived`);
  }
}
