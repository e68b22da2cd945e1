/** The local hub of `npm start`. A page on a static host has none. */
import { effect, signal } from '@preact/signals';

import { readLocalHub } from '../local-hub.js';
import { addAndStart } from './adding.js';
import { device, fleet, ids, knows } from './fleet.js';
import { withOutbox } from './outbox-choice.jsx';
import { kindNames } from './scene.js';

/** The longest prefix of device ids that the server accepts. */
const MAX_PREFIX = 64;

/** How many devices the server creates in one call. */
export const MAX_AT_ONCE = 1000;

/** The server's description of it; `undefined` if there is none. */
export const localHub = signal(undefined);

/** Ids of the devices that were created at the local hub, while they are in the page. */
export const localIds = signal(new Set());

let before = [];
effect(() => {
  const now = new Set(ids.value);
  const gone = new Set(before.filter((id) => !now.has(id)));
  before = ids.value;
  if (gone.size === 0) return;
  localIds.value = new Set([...localIds.peek()].filter((id) => !gone.has(id)));
});

/** Asks the server whether it has a local hub. */
export async function findLocalHub() {
  localHub.value = await readLocalHub();
}

/** Whether the local hub is the hub of a device; without an id, of any. */
export const isLocal = (id) =>
  id === undefined ? localIds.value.size > 0 : localIds.value.has(id);

/** Ids of the devices that the local hub has and this page does not have. */
export async function devicesAtLocalHub() {
  const here = new Set(ids.peek());
  return (await call('local-hub/devices')).ids.filter((id) => !here.has(id));
}

/** Calls the local hub; rejects with its error message. */
export function askLocalHub(action, body) {
  return call(`local-hub/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function call(path, request) {
  const response = await fetch(path, request).catch(() => {
    throw new Error('The server of this page does not respond. Is npm start still running?');
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (!response.ok)
    throw new Error(answer?.message ?? `The server responded with ${response.status}.`);
  return answer;
}

/** The prefix of the ids of a kind's devices. */
const prefixOf = (kindName) =>
  kindName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_PREFIX);

/** Creates devices at the local hub, adds them here and starts them. */
export async function addFromLocalHub(count, kindName, keepsOutbox) {
  const identities = await askLocalHub('devices', { count, prefix: prefixOf(kindName) });
  noteLocal(await addAndStart(withOutbox(identities, keepsOutbox), kindName));
}

/** Creates a device of the same kind as another, with its desired properties, and starts it. */
export async function duplicateDevice(id) {
  const identity = await askLocalHub('copies', { id });
  const added = await addAndStart([identity], device(id).kind);
  noteLocal(added);
  return added[0];
}

/**
 * Adds existing devices of the local hub, with the kind in their names, or else with `kindName`.
 */
export async function takeUpFromLocalHub(chosenIds, kindName, keepsOutbox) {
  const kindOf = (id) =>
    kindNames.value.find((name) => id.startsWith(`${prefixOf(name)}-`)) ?? kindName;
  for (const kind of new Set(chosenIds.map(kindOf))) {
    const ofKind = chosenIds.filter((id) => kindOf(id) === kind);
    const identities = withOutbox(await identitiesOf(ofKind), keepsOutbox);
    noteLocal(await addAndStart(identities, kind));
  }
}

/**
 * Adds the devices of a session, and starts those that were running.
 * @param {Array<{id: string, kind: string, keepsOutbox: boolean, isOn: boolean}>} devices
 */
export async function takeUpAgain(devices) {
  const alike = new Map();
  for (const device of devices) {
    const key = JSON.stringify([device.kind, device.keepsOutbox]);
    alike.set(key, [...(alike.get(key) ?? []), device]);
  }
  for (const group of alike.values()) {
    const [{ kind, keepsOutbox }] = group;
    const identities = await identitiesOf(group.map(({ id }) => id));
    const { ids: added } = await fleet.add(withOutbox(identities, keepsOutbox), kind);
    noteLocal(added);
    fleet.start(group.filter(({ isOn }) => isOn).map(({ id }) => id));
    await knows(added[0]);
  }
}

async function identitiesOf(wanted) {
  const identities = [];
  for (let from = 0; from < wanted.length; from += MAX_AT_ONCE) {
    const ids = wanted.slice(from, from + MAX_AT_ONCE);
    identities.push(...(await askLocalHub('take-up', { ids })));
  }
  return identities;
}

const noteLocal = (added) => (localIds.value = new Set([...localIds.value, ...added]));
