/** The local hub of `npm start`. A page on a static host has none. */
import { signal } from '@preact/signals';

import { addAndStart } from './adding.js';

/** `{hostname, endpoint, httpEndpoint}`, or `undefined` where there is none. */
export const localHub = signal(undefined);

/** Ids of the devices that were made at the local hub. */
const localIds = signal(new Set());

/** Asks the server whether it has a local hub. */
export async function findLocalHub() {
  const response = await fetch('local-hub.json').catch(() => undefined);
  if (response?.ok) localHub.value = await response.json();
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
  const prefix = kindName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const identities = await askLocalHub('devices', { count, prefix });
  const ids = await addAndStart(identities, kindName);
  localIds.value = new Set([...localIds.value, ...ids]);
}
