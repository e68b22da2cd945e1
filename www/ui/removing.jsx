import { signal } from '@preact/signals';

import { ask } from './ask.jsx';
import { device, fleet } from './fleet.js';
import { counted } from './format.js';
import { Icon } from './icon.jsx';
import { isLocal, takeUpAgain } from './local-hub.js';
import { hasOutbox } from './outbox-choice.jsx';
import { addTags, forgetTags, tagsOf } from './tags.js';
import { inWords } from './words.js';

/** The devices that were removed last and can be restored, or why that failed. */
const removed = signal(undefined);

/**
 * Removes devices from the page. Those of the local hub can be restored; asks if the keys of others
 * would be lost.
 */
export async function removeDevices(ids) {
  const others = ids.filter((id) => !isLocal(id));
  const whose = others.length === 1 ? others[0] : counted(others.length, 'device');
  const words = {
    question: `Remove ${counted(ids.length, 'device')}?`,
    details: `The page forgets the key or token of ${whose}. The hub keeps its devices.`,
    button: 'Remove',
  };
  if (others.length > 0 && !(await ask(words))) return;
  const local = ids.filter(isLocal).map((id) => {
    const { kind, state } = device(id);
    const isOn = state !== 'stopped';
    return { id, kind, keepsOutbox: hasOutbox(device(id)), isOn, tags: tagsOf(id) };
  });
  removed.value = local.length > 0 ? { devices: local } : undefined;
  await fleet.remove(ids);
  forgetTags(ids);
}

/** Offers to restore the devices that were removed last. */
export function Removed() {
  return (
    <div class="removed" role="status">
      {removed.value && <Toast {...removed.value} />}
    </div>
  );
}

function Toast({ devices, error }) {
  const undo = async () => {
    try {
      await takeUpAgain(devices);
      addTags(devices);
      removed.value = undefined;
    } catch (failure) {
      removed.value = { devices, error: failure };
    }
  };
  const what = devices.length === 1 ? devices[0].id : counted(devices.length, 'device');
  return (
    <div class="toast">
      <span>{error ? inWords(error.message) : `Removed ${what}.`}</span>
      <button class="link" onClick={undo}>
        {error ? 'Try again' : 'Undo'}
      </button>
      <button
        class="plain only-icon"
        aria-label="Dismiss"
        onClick={() => (removed.value = undefined)}
      >
        <Icon name="remove" />
      </button>
    </div>
  );
}
