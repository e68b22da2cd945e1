// A store may fail, or never respond: no call of the user waits for it longer than
// `operationTimeout`.

/** The delay before retrying a store that failed. */
export const PATIENCE_MS = 1000;

/**
 * Does `work`, but rejects if that takes too long.
 * @template T
 * @param {Promise<T>} work
 * @param {number} milliseconds 0: no limit
 * @returns {Promise<T>}
 */
export function inTime(work, milliseconds) {
  if (milliseconds === 0) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(milliseconds)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Does `work`, and calls `complain` each time that this much more time has passed.
 * @template T
 * @param {Promise<T>} work
 * @param {number} milliseconds 0: never
 * @param {(error: Error) => void} complain
 * @returns {Promise<T>}
 */
export async function watched(work, milliseconds, complain) {
  if (milliseconds === 0) return work;
  const timer = setInterval(() => complain(noAnswer(milliseconds)), milliseconds);
  // In Node.js, a store that never answers must not keep the process from ending.
  timer.unref?.();
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

const noAnswer = (milliseconds) =>
  new Error(`there was no response for ${milliseconds / 1000} seconds (operationTimeout)`);
