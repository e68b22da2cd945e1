import { Icon } from './icon.jsx';
import { isListInFront } from './navigation.js';

/** The way back to the list, where there is no room for both. */
export function BackButton() {
  return (
    <button class="plain back" onClick={() => (isListInFront.value = true)}>
      <Icon name="back" /> Devices
    </button>
  );
}
