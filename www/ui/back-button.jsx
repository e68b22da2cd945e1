import { Icon } from './icon.jsx';
import { openList } from './navigation.js';

/** Leads back to the list, if there is no room for both. */
export function BackButton() {
  return (
    <button class="plain back" onClick={openList}>
      <Icon name="back" /> Devices
    </button>
  );
}
