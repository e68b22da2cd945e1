const LIMIT = 15_000;

/**
 * Fails with a message if the thing that a test waits for does not come; never slows a test down.
 */
export function within(promise, what) {
  let timer;
  const late = new Promise((resolve, reject) => {
    const error = new Error(`waited ${LIMIT / 1000} s in vain for ${what}`);
    timer = setTimeout(() => reject(error), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
