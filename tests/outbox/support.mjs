/** A device whose clients keep their telemetry in a scripted store. */
import { ownStore } from '../../pkg/own-store.js';
import { createClient, createDevice } from '../node/support.mjs';
import { ScriptedStore } from './scripted-store.mjs';

/** A device, a store, and clients of both, one after the other. */
export async function createOutbox(t, options, clientOptions) {
  const backEnd = await createDevice();
  const store = new ScriptedStore();
  const start = (more) =>
    createClient(t, backEnd, { store: ownStore(store, options), ...clientOptions, ...more });
  return { backEnd, store, start, client: start() };
}

export const numbers = (count, from = 0) =>
  Array.from({ length: count }, (_, i) => String(from + i));

export const textsOf = (messages) => messages.map(({ text }) => text);

/** What the hub has, each once, in the order of its first arrival. */
export async function arrived(backEnd, count) {
  const seen = await backEnd.waitForTelemetry(count);
  return [...new Set(textsOf(seen))];
}

/** A message as the outbox stores it. */
export function record(text) {
  const body = new TextEncoder().encode(text);
  const texts = { systemProperties: '', customProperties: '' };
  return { storedAt: Date.now(), size: body.length, body, ...texts };
}
