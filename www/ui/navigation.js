/**
 * The current view of the page. Each view has a URL fragment: for Back, Forward, a reload and
 * bookmarks.
 */
import { computed, signal } from '@preact/signals';

export const DEVICE_TABS = [
  ['overview', 'Overview'],
  ['telemetry', 'Telemetry'],
  ['sent', 'Sent'],
  ['twin', 'Twin'],
  ['methods', 'Methods'],
  ['messages', 'Messages'],
  ['files', 'Files'],
  ['wire', 'Wire log'],
];

export const FLEET_TABS = [
  ['overview', 'Overview'],
  ['scene', 'Scene'],
  ['sent', 'Sent'],
  ['actions', 'Actions'],
  ['wire', 'Wire log'],
];

/** @type {import('@preact/signals').Signal<{place: string, id?: string, tab?: string}>} */
const view = signal(viewOf(location.hash));

/** The current view: 'add', 'list', 'fleet' or 'device'. */
export const place = computed(() => view.value.place);

/** The device that is selected; `undefined` for the fleet. */
export const selectedId = computed(() => view.value.id);

/** The tab that is shown, and so that of the device or fleet that is opened next. */
export const deviceTab = signal('overview');
export const fleetTab = signal('overview');
rememberTab();

/** Shows a device, or the fleet if there is no id. */
export function open(id) {
  go(id === undefined ? { place: 'fleet', tab: fleetTab.value } : deviceView(id));
}

/** The address of a device's view, for links. */
export const addressOfDevice = (id) => addressOf(deviceView(id));

/** Shows the form that adds devices. */
export function openAdding() {
  go({ place: 'add' });
}

/** Shows the list, if there is no room for it beside the selected view. */
export function openList() {
  go({ place: 'list' });
}

/** Shows the fleet's tab of this name. */
export function openFleetTab(tab) {
  go({ place: 'fleet', tab });
}

/** Shows the selected device's tab of this name. */
export function openDeviceTab(tab) {
  go({ ...view.value, tab });
}

/** Shows the fleet instead of a removed device, to which Back must not lead. */
export function leaveDevice() {
  view.value = { place: 'fleet', tab: fleetTab.value };
  showAddress();
}

/** Shows the form that adds devices instead of an address without a view. */
export function showAdding() {
  view.value = { place: 'add' };
  showAddress();
}

/** Makes the address that of the view, whatever it was before. */
export function showAddress() {
  history.replaceState(null, '', addressOf(view.value));
}

/** Follows Back, Forward and an address that is typed. */
export function followAddress() {
  addEventListener('popstate', () => {
    if (!/^#?(\/|$)/.test(location.hash)) return;
    view.value = viewOf(location.hash);
    rememberTab();
  });
}

const deviceView = (id) => ({ place: 'device', id, tab: deviceTab.value });

function go(next) {
  if (addressOf(next) !== location.hash) history.pushState(null, '', addressOf(next));
  view.value = next;
  rememberTab();
}

function rememberTab() {
  const { place, tab } = view.value;
  if (place === 'device') deviceTab.value = tab;
  if (place === 'fleet') fleetTab.value = tab;
}

function addressOf({ place, id, tab }) {
  return `#/${[place, id, tab].filter(Boolean).map(encodeURIComponent).join('/')}`;
}

/** The view of an address; for an unknown one, the view for new users. */
function viewOf(hash) {
  const [place, ...rest] = parts(hash);
  const tabOf = (tabs, name) => (tabs.some(([known]) => known === name) ? name : 'overview');
  if (place === 'list') return { place };
  if (place === 'fleet') return { place, tab: tabOf(FLEET_TABS, rest[0]) };
  if (place === 'device' && rest[0]) {
    return { place, id: rest[0], tab: tabOf(DEVICE_TABS, rest[1]) };
  }
  return { place: 'add' };
}

function parts(hash) {
  try {
    return hash.slice(2).split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}
