/** The fleet, which runs in a worker, and what it tells of itself, as signals. */
import { batch, effect, signal } from '@preact/signals';
import { proxy, wrap } from 'comlink';

import { selectedId } from './navigation.js';

/** The worker hears nothing before it is ready, as its module waits for WebAssembly. */
async function startWorker() {
  const worker = new Worker('fleet.js', { type: 'module' });
  await new Promise((resolve, reject) => {
    worker.addEventListener('message', resolve, { once: true });
    worker.addEventListener('error', reject, { once: true });
  });
  return worker;
}

/** The worker's calls; see `www/fleet/fleet.js`. */
export const fleet = wrap(await startWorker());

/** Ids of all devices, in the order in which they were added. */
export const ids = signal([]);

/** Sums over all devices. */
export const totals = signal({
  devices: 0,
  connected: 0,
  sent: 0,
  acknowledged: 0,
  failed: 0,
  ratePerSecond: 0,
});

/** What happened in each second of the last five minutes. */
export const series = signal({ time: [], sent: [], acknowledged: [], latencyP50: [], latencyP99: [] });

/** Twin, messages and so on of the selected device, once they are known. */
export const details = signal(undefined);

/** A signal for each device, so that a change draws its own row and no other. */
const devices = new Map();

/** The state of a device as a signal. */
export const deviceOf = (id) => devices.get(id);

/** What a device is as of now; draws again whoever reads it, when it changes. */
export const device = (id) => devices.get(id)?.value;

/** Begins to listen to the worker. */
export function connectFleet() {
  fleet.subscribe(proxy((snapshot) => batch(() => take(snapshot))));
  effect(() => {
    const id = selectedId.value;
    details.value = undefined;
    const show = (news) => {
      if (selectedId.peek() === id) details.value = news;
    };
    if (id === undefined) fleet.watch();
    else fleet.watch(id, proxy(show));
  });
}

function take(snapshot) {
  for (const state of snapshot.devices) {
    const known = devices.get(state.id);
    if (known) known.value = state;
    else devices.set(state.id, signal(state));
  }
  const present = new Set(snapshot.devices.map(({ id }) => id));
  const gone = [...devices.keys()].filter((id) => !present.has(id));
  for (const id of gone) devices.delete(id);
  if (gone.length > 0 || devices.size !== ids.peek().length) ids.value = [...devices.keys()];
  if (gone.includes(selectedId.peek())) selectedId.value = undefined;
  totals.value = snapshot.totals;
  series.value = snapshot.series;
}
