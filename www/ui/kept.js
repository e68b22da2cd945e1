import { effect, signal } from '@preact/signals';

/**
 * A choice of the user that outlives the page. It is stored only if it differs from the initial
 * value.
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
    // If the browser blocks storage, the choice lasts as long as the page.
  }
}
