import { fleet } from './fleet.js';
import { counted } from './format.js';
import { isLocal } from './local-hub.js';

/** Removes devices from the page; asks where their keys would be lost with them. */
export function removeDevices(ids) {
  const others = ids.filter((id) => !isLocal(id));
  const question =
    `Remove ${counted(ids.length, 'device')} from this page? At the hub they stay, but the page ` +
    `forgets the key or token of ${others.length === 1 ? others[0] : `${others.length} of them`}.`;
  if (others.length === 0 || confirm(question)) fleet.remove(ids);
}
