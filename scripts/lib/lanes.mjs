/** Runs up to two suites at the same time, and never two that would disturb each other. */

const LANES = 2;

/**
 * @template Result
 * @param {import('./suite-kinds.mjs').Suite[]} suites suites that run `alone` come last
 * @param {(suite: import('./suite-kinds.mjs').Suite) => Promise<Result>} run
 * @returns {Promise<Result[]>} in the order of the suites
 */
export async function runInLanes(suites, run) {
  const waiting = [...suites].sort((one, other) => Boolean(one.alone) - Boolean(other.alone));
  const running = new Map();
  const results = new Map();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.find((suite) => fits(suite, [...running.keys()]));
    if (next) {
      waiting.splice(waiting.indexOf(next), 1);
      const work = run(next).then((result) => {
        results.set(next, result);
        running.delete(next);
      });
      running.set(next, work);
    } else {
      await Promise.race(running.values());
    }
  }
  return suites.map((suite) => results.get(suite));
}

function fits(suite, running) {
  if (running.length === 0) return true;
  if (running.length === LANES || suite.alone || running.some(({ alone }) => alone)) return false;
  return !suite.needs || running.every(({ needs }) => needs !== suite.needs);
}
