/** The fleet, which runs in a worker, and its state, as signals. */
import { batch, computed, effect, signal } from '@preact/signals';
import { proxy, wrap } from 'comlink';

import { leaveDevice, selectedId } from './navigation.js';

/** The worker receives no messages before it is ready, because its module waits for WebAssembly. */
async function startWorker() {
  const worker = new Worker('fleet.js', { type: 'module' });
  await new Promise((resolve, reject) => {
    worker.addEventListener('message', resolve, { once: true });
    worker.addEventListener('error', reject, { once: true });
  });
  return worker;
}

/** The worker's calls, once it has started; see `simulator/src/fleet.js`. */
export let fleet;

/** Starts the worker; rejects if it cannot run. */
export async function startFleet() {
  fleet = wrap(await startWorker());
}

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
export const series = signal({
  time: [],
  sent: [],
  acknowledged: [],
  latencyP50: [],
  latencyP99: [],
});

/** Twin, messages and other details of the selected device, once they are known. */
export const details = signal(undefined);

/** A signal for each device, so that a change only draws its own row. */
const devices = signal(new Map());

/** Ids of all devices, in the order in which they were added. */
export const ids = computed(() => [...devices.value.keys()]);

/** The device's current state. Components that read it are redrawn when it changes or appears. */
export const device = (id) => devices.value.get(id)?.value;

/** The same, for code that must not be redrawn when it changes. */
export const peekDevice = (id) => devices.peek().get(id)?.peek();

/** The selected device, if it is in the page: an address may name any. */
const watchedId = computed(() =>
  devices.value.has(selectedId.value) ? selectedId.value : undefined,
);

/** Resolves as soon as the page knows a device. */
export function knows(id) {
  return new Promise((resolve) => {
    const stop = devices.subscribe((now) => {
      if (!now.has(id)) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

/** All devices, updated every second: for views of many devices. */
export const everySecond = computed(() => {
  // Read only to subscribe: it changes every second.
  void series.value;
  return [...devices.value.values()].map((shown) => shown.peek());
});

/** How many devices have given up. */
export const failedDevices = computed(
  () => everySecond.value.filter(({ state }) => state === 'failed').length,
);

/** Starts to listen to the worker. */
export function connectFleet() {
  fleet.subscribe(proxy((snapshot) => batch(() => take(snapshot))));
  effect(() => {
    const id = watchedId.value;
    details.value = undefined;
    const show = (news) => {
      if (watchedId.peek() === id) details.value = news;
    };
    if (id === undefined) fleet.watch();
    else fleet.watch(id, proxy(show));
  });
}

function take(snapshot) {
  const before = devices.peek();
  const now = new Map(
    snapshot.devices.map((state) => [state.id, before.get(state.id) ?? signal()]),
  );
  for (const state of snapshot.devices) {
    const shown = now.get(state.id);
    if (!isAlike(shown.peek(), state)) shown.value = state;
  }
  const isSame = now.size === before.size && [...now.keys()].every((id) => before.has(id));
  if (!isSame) devices.value = now;
  const selected = selectedId.peek();
  if (before.has(selected) && !now.has(selected)) leaveDevice();
  totals.value = snapshot.totals;
  if (snapshot.series.time.at(-1) !== series.peek().time.at(-1)) series.value = snapshot.series;
}

/** Whether a device is unchanged: a snapshot contains all devices, including idle ones. */
function isAlike(before, now) {
  const names = ['state', 'kind', 'sent', 'acknowledged', 'failed', 'ratePerSecond', 'waiting'];
  return (
    names.every((name) => before?.[name] === now[name]) &&
    before?.lastError?.message === now.lastError?.message
  );
}
