/** What the page shows. Nothing of it is kept. */
import { computed, signal } from '@preact/signals';

/** The device that is selected; `undefined` for the fleet. */
export const selectedId = signal(undefined);

/** Whether the form that adds devices is open. */
export const isAdding = signal(false);

/** Where there is no room for both, the list or what is selected in it. */
export const isListInFront = signal(true);

/** The tab that was chosen last, of a device and of the fleet. */
export const deviceTab = signal('overview');
export const fleetTab = signal('overview');

/** Where the reader is, in a word. */
export const place = computed(() => {
  if (isAdding.value) return 'add';
  return selectedId.value === undefined ? 'fleet' : 'device';
});

/** Shows a device, or the fleet where there is no id. */
export function open(id) {
  isAdding.value = false;
  isListInFront.value = false;
  selectedId.value = id;
}

/** Shows the form that adds devices. */
export function openAdding() {
  isAdding.value = true;
  isListInFront.value = false;
}

/** Shows the fleet's tab of this name. */
export function openFleetTab(name) {
  fleetTab.value = name;
  open();
}
