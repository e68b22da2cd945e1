/** Texts that the user has typed and not sent yet. They are kept while other views are shown. */
import { effect, signal } from '@preact/signals';

import { ids } from './fleet.js';

/** By device, and `undefined` for the fields of several, then by field. */
const kept = new Map();

// A new device may have the id of a removed one.
effect(() => {
  const there = new Set([undefined, ...ids.value]);
  for (const id of kept.keys()) if (!there.has(id)) kept.delete(id);
});

/**
 * A text that can be edited.
 * @param {string | undefined} device its id; `undefined` for a text for several devices
 * @param {string} field
 * @param {string} initial what it is before the user types
 * @returns {{text: string, type: (text: string) => void}}
 */
export function keptText(device, field, initial) {
  if (!kept.has(device)) kept.set(device, new Map());
  const texts = kept.get(device);
  if (!texts.has(field)) texts.set(field, signal(undefined));
  const typed = texts.get(field);
  return { text: typed.value ?? initial, type: (text) => (typed.value = text) };
}

/** A field of such a text. */
export function KeptInput({ device, field, initial, ...rest }) {
  const { text, type } = keptText(device, field, initial);
  return <input value={text} onInput={(event) => type(event.currentTarget.value)} {...rest} />;
}
