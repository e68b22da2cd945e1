/** The local hub of `npm start`. A page on a static host has none. */
import { effect, signal } from '@preact/signals';

import { readLocalHub } from '../local-hub.js';
import { addAndStart } from './adding.js';
import { ids } from './fleet.js';

/** The longest beginning of a device id that the server takes. */
const MAX_PREFIX = 64;

/** What the server tells of it, or `undefined` where there is none. */
export const localHub = signal(undefined);

/** Ids of the devices that were made at the local hub, for as long as they are in the page. */
const localIds = signal(new Set());

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

/** Lets the local hub do something; rejects with its own words. */
export async function askLocalHub(action, body) {
  const response = await fetch(`local-hub/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error('The server of this page does not answer. Is npm start still running?');
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (!response.ok) throw new Error(answer?.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** Makes devices at the local hub, adds them here and starts them. */
export async function addFromLocalHub(count, kindName) {
  const prefix = kindName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_PREFIX);
  const identities = await askLocalHub('devices', { count, prefix });
  const added = await addAndStart(identities, kindName);
  localIds.value = new Set([...localIds.value, ...added]);
}
