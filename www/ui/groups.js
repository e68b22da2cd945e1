/** Groups of devices: which ones a filter shows, and an action for each of them. */

/**
 * @typedef {{text: string, state: string, kind: string, tag: string}} Filter empty members let all
 *   through
 */
export const NO_FILTER = { text: '', state: '', kind: '', tag: '' };

/** The states that can be chosen, in words. */
export const STATES = {
  connected: 'Connected',
  waiting: 'Connecting',
  stopped: 'Stopped',
  offline: 'Offline',
  failed: 'Failed',
  error: 'With an error',
};

const IS_IN = {
  connected: ({ state }) => state === 'connected',
  waiting: ({ state }) => state === 'connecting' || state === 'reconnecting',
  stopped: ({ state }) => state === 'stopped',
  offline: ({ state }) => state === 'offline',
  failed: ({ state }) => state === 'failed',
  error: ({ lastError }) => lastError !== undefined,
};

/**
 * Whether a filter lets a device through.
 * @param {{id: string, kind: string, state: string, lastError?: object}} device
 * @param {string[]} tags
 * @param {Filter} filter
 */
export function matches(device, tags, { text, state, kind, tag }) {
  const words = `${device.id} ${device.kind} ${tags.join(' ')}`.toLowerCase();
  return (
    words.includes(text.trim().toLowerCase()) &&
    (state === '' || IS_IN[state](device)) &&
    (kind === '' || device.kind === kind) &&
    (tag === '' || tags.includes(tag))
  );
}

/**
 * The devices that are shown. They stay until the filter is set again, even if they no longer
 * match, so that no row moves while the user starts or stops it.
 *
 * @typedef {{filter: Filter, ids: string[], shown: string[]}} Held
 * @param {Held | undefined} before
 * @param {Filter} filter the same object for as long as it was not set again
 * @param {string[]} ids of all devices
 * @param {(id: string) => boolean} isMatch
 * @returns {Held} the one before where nothing changed
 */
export function held(before, filter, ids, isMatch) {
  if (before?.filter !== filter) return { filter, ids, shown: ids.filter(isMatch) };
  if (before.ids === ids) return before;
  const [known, shown] = [new Set(before.ids), new Set(before.shown)];
  return { filter, ids, shown: ids.filter((id) => (known.has(id) ? shown.has(id) : isMatch(id))) };
}

/** How many devices would come or go if the filter was set again. */
export function outdated({ ids, shown }, isMatch) {
  const isShown = new Set(shown);
  return ids.filter((id) => isShown.has(id) !== isMatch(id)).length;
}

/** Whether something is so for each device; of no devices, nothing is. */
export const isSoForEach = (ids, isSo) => ids.length > 0 && ids.every(isSo);

const AT_ONCE = 10;

/**
 * Does something for each device, some at a time, and continues after a failure.
 * @param {string[]} ids
 * @param {(id: string) => Promise<string>} work its value says how it went
 * @returns {Promise<Map<string, string[]>>} how it went, or the message of an error, with the ids
 */
export async function forEachDevice(ids, work) {
  const results = new Map();
  const waiting = [...ids];
  const next = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const result = await work(id).catch((error) => error.message);
      results.set(result, [...(results.get(result) ?? []), id]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return results;
}
