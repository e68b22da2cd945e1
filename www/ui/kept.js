import { effect, signal } from '@preact/signals';

/**
 * A choice of the reader that outlives the page. Only what differs from the value that it begins
 * with is stored.
 * @template T
 * @param {string} key
 * @param {T} initial
 * @returns {import('@preact/signals').Signal<T>}
 */
export function keptSignal(key, initial) {
  const kept = signal(read(key) ?? initial);
  effect(() => write(key, kept.value === initial ? undefined : kept.value));
  return kept;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser may let a page keep nothing: then the choice lasts as long as the page.
  }
}
