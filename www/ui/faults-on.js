/** Which faults of the local hub are on, and for whom: the hub has them until they are taken back. */
import { effect, signal } from '@preact/signals';

import { askLocalHub, localIds } from './local-hub.js';

const DELAY_MILLISECONDS = 2000;

/** What the server gets for a fault. */
const BODIES = {
  delay: (isOn) => ({ milliseconds: isOn ? DELAY_MILLISECONDS : 0 }),
  throttle: (isOn) => ({ isOn }),
};

/** By the fault's name: whether it is for all, also for those that come, and who has it. */
export const faultsOn = signal({
  delay: { isForAll: false, ids: [] },
  throttle: { isForAll: false, ids: [] },
});

/** Whether a fault is on for a device, or for all. */
export function isFaultOn(name, id) {
  const { isForAll, ids } = faultsOn.value[name];
  return id === 'all' ? isForAll : ids.includes(id);
}

/** Switches a fault for a device, or for all. */
export async function setFault(name, id, isOn) {
  const ids = id === 'all' ? 'all' : [id];
  await askLocalHub(name, { ids, ...BODIES[name](isOn) });
  const before = faultsOn.peek()[name];
  if (id === 'all') note(name, { isForAll: isOn, ids: isOn ? [...localIds.peek()] : [] });
  else
    note(name, {
      ...before,
      ids: [...before.ids.filter((one) => one !== id), ...(isOn ? [id] : [])],
    });
}

/** Devices that come get what is for all. */
export function spreadFaults() {
  let before = localIds.peek();
  effect(() => {
    const added = [...localIds.value].filter((id) => !before.has(id));
    before = localIds.value;
    for (const [name, { isForAll, ids }] of Object.entries(faultsOn.peek())) {
      const news = added.filter((id) => !ids.includes(id));
      if (!isForAll || news.length === 0) continue;
      // Where the server does not answer, nothing connects, as the page says there.
      askLocalHub(name, { ids: news, ...BODIES[name](true) }).then(
        () => note(name, { isForAll, ids: [...ids, ...news] }),
        () => {},
      );
    }
  });
}

const note = (name, state) => (faultsOn.value = { ...faultsOn.peek(), [name]: state });
