import { Icon } from './icon.jsx';
import { openList } from './navigation.js';

/** The way back to the list, where there is no room for both. */
export function BackButton() {
  return (
    <button class="plain back" onClick={openList}>
      <Icon name="back" /> Devices
    </button>
  );
}
