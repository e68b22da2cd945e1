/**
 * Which faults of the local hub are active, and for which devices: the hub keeps them until they
 * are turned off.
 */
import { effect, signal } from '@preact/signals';

import { requestOf } from './fault-request.js';
import { askLocalHub, localIds, MAX_AT_ONCE } from './local-hub.js';

/** Device id → its active faults, as the hub reports them. */
export const faultsById = signal(new Map());

/** The faults that are active for all devices, including new ones. */
export const faultsForAll = signal({});

/** The active faults that apply before the hub knows which device connects. */
export const hubFaults = signal({});

const ALL = 'all';

/** The active faults of a device, or of all devices. */
export const faultsOf = (id) =>
  id === ALL ? faultsForAll.value : (faultsById.value.get(id) ?? {});

/**
 * Turns faults on.
 * @param {string[] | 'all'} ids
 * @param {object} request of the hub's faults, also `forSeconds`
 * @param {{isOnce?: boolean}} [options] whether it happens once, and so not to new devices
 */
export async function turnOn(ids, request, { isOnce = false } = {}) {
  const { forSeconds, ...lasting } = request;
  await ask(ids, request);
  if (forSeconds === undefined) {
    if (ids === ALL && !isOnce) faultsForAll.value = merged(faultsForAll.peek(), lasting);
    return;
  }
  // The hub ends them on its own.
  setTimeout(() => refreshFaults(ids).catch(() => {}), forSeconds * 1000 + 500);
}

/** New devices no longer get a fault. */
export const spare = (name) => (faultsForAll.value = without(faultsForAll.peek(), name));

/** Turns one fault off, and leaves the others. */
export async function turnOff(ids, name) {
  if (ids === ALL) spare(name);
  const groups = new Map();
  for (const id of idsOf(ids)) {
    const others = JSON.stringify(requestOf(without(faultsById.peek().get(id) ?? {}, name)));
    groups.set(others, [...(groups.get(others) ?? []), id]);
  }
  for (const [others, group] of groups) await ask(group, { clear: true, ...JSON.parse(others) });
}

/** Asks the hub which faults are active: some may have ended or happened since. */
export const refreshFaults = (ids) => ask(ids, {});

/** Turns all faults off. */
export async function clearFaults(ids) {
  if (ids === ALL) faultsForAll.value = {};
  await ask(ids, { clear: true });
}

/** Changes the faults before a connection has a device; `{}` only asks. */
export async function changeHubFaults(request) {
  hubFaults.value = await askLocalHub('hub-faults', { faults: request });
  const { forSeconds } = request;
  if (forSeconds) setTimeout(() => changeHubFaults({}).catch(() => {}), forSeconds * 1000 + 500);
}

/**
 * New devices get the faults for all devices; for earlier ones, the hub reports the active faults.
 */
export function spreadFaults() {
  let before = new Set();
  effect(() => {
    const added = [...localIds.value].filter((id) => !before.has(id));
    before = localIds.value;
    // If the server does not respond, nothing connects, and the page says so elsewhere.
    if (added.length > 0) ask(added, requestOf(faultsForAll.peek())).catch(() => {});
  });
}

async function ask(ids, faults) {
  const all = idsOf(ids);
  for (let from = 0; from < all.length; from += MAX_AT_ONCE) {
    const some = all.slice(from, from + MAX_AT_ONCE);
    const active = await askLocalHub('faults', { ids: some, faults });
    faultsById.value = new Map([...faultsById.peek(), ...Object.entries(active)]);
  }
}

const idsOf = (ids) => (ids === ALL ? [...localIds.peek()] : ids);

/** As the hub merges faults that have several members. */
function merged(before, { twinStatus, body, ...request }) {
  const after = { ...before, ...request };
  for (const name of ['delay', 'rate']) {
    if (request[name]) after[name] = { ...before[name], ...request[name] };
  }
  if (request.withhold) {
    after.withhold = [...new Set([...(before.withhold ?? []), ...request.withhold])];
  }
  if (twinStatus !== undefined) after.twinAnswer = { status: twinStatus, body };
  return after;
}

const without = (object, name) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
