import { fleet, knows } from './fleet.js';
import { open } from './navigation.js';

/** Adds devices, starts them, and shows the device, or the fleet if there are several. */
export async function addAndStart(identities, kindName) {
  return startAdded(await fleet.add(identities, kindName));
}

/** The same for devices that were added already. */
export async function startAdded({ ids }) {
  fleet.start(ids);
  await knows(ids[0]);
  open(ids.length === 1 ? ids[0] : undefined);
  return ids;
}
