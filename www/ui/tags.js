/** Tags of devices: they exist only in this page, not at the hub. Kept across reloads. */
import { computed, signal } from '@preact/signals';

import { ids } from './fleet.js';

/** By device. */
export const tagsById = signal({});

export const tagsOf = (id) => (Object.hasOwn(tagsById.value, id) ? tagsById.value[id] : []);

/** All tags that are in use, in the order of the alphabet. */
export const allTags = computed(() => [...new Set(ids.value.flatMap(tagsOf))].sort());

/**
 * Adds the tags of devices to those that they have.
 * @param {Array<{id: string, tags: string[]}>} devices
 */
export function addTags(devices) {
  const added = devices.map(({ id, tags }) => [id, [...new Set([...tagsOf(id), ...tags])]]);
  tagsById.value = { ...tagsById.peek(), ...Object.fromEntries(added) };
}

export const addTag = (chosen, tag) => addTags(chosen.map((id) => ({ id, tags: [tag] })));

export function removeTag(chosen, tag) {
  const left = chosen.map((id) => [id, tagsOf(id).filter((one) => one !== tag)]);
  tagsById.value = { ...tagsById.peek(), ...Object.fromEntries(left) };
}

/** Removes all tags of devices that are no longer in the page. */
export function forgetTags(chosen) {
  const gone = new Set(chosen);
  const kept = Object.entries(tagsById.peek()).filter(([id]) => !gone.has(id));
  tagsById.value = Object.fromEntries(kept);
}
