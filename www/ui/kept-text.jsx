/** Texts that the user has typed and not sent yet. They are kept while other views are shown. */
import { signal } from '@preact/signals';

const kept = new Map();

/**
 * A text that can be edited.
 * @param {string} where which field of which device
 * @param {string} initial what it is before the user types
 * @returns {{text: string, type: (text: string) => void}}
 */
export function keptText(where, initial) {
  if (!kept.has(where)) kept.set(where, signal(undefined));
  const typed = kept.get(where);
  return { text: typed.value ?? initial, type: (text) => (typed.value = text) };
}

/** A field of such a text. */
export function KeptInput({ where, initial, ...rest }) {
  const { text, type } = keptText(where, initial);
  return <input value={text} onInput={(event) => type(event.currentTarget.value)} {...rest} />;
}
