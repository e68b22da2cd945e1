/** Tags of devices: they exist only in this page, not at the hub. Kept across reloads. */
import { computed, signal } from '@preact/signals';

import { ids } from './fleet.js';

/** By device. */
export const tagsById = signal({});

export const tagsOf = (id) => (Object.hasOwn(tagsById.value, id) ? tagsById.value[id] : []);

/** All tags that are in use, in the order of the alphabet. */
export const allTags = computed(() => [...new Set(ids.value.flatMap(tagsOf))].sort());

export function addTag(chosen, tag) {
  const added = chosen.map((id) => [id, [...new Set([...tagsOf(id), tag])]]);
  tagsById.value = { ...tagsById.peek(), ...Object.fromEntries(added) };
}

export function removeTag(chosen, tag) {
  const left = chosen.map((id) => [id, tagsOf(id).filter((one) => one !== tag)]);
  tagsById.value = { ...tagsById.peek(), ...Object.fromEntries(left) };
}
