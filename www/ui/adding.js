import { fleet } from './fleet.js';
import { open } from './navigation.js';

/** Adds devices, starts them, and shows the one, or the fleet where there are more. */
export async function addAndStart(identities, kindName) {
  const { ids } = await fleet.add(identities, kindName);
  await fleet.start(ids);
  open(ids.length === 1 ? ids[0] : undefined);
  return ids;
}
