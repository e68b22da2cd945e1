import { ids } from './fleet.js';
import { Notice } from './notice.jsx';
import { lostIds, takeUpError } from './session.js';

const MOST_NAMED = 5;

/** Shows which devices a reload did not restore, until they are added again. */
export function LostDevices() {
  const lost = lostIds.value.filter((id) => !ids.value.includes(id));
  if (lost.length === 0) return null;
  const more = lost.length - MOST_NAMED;
  const named = `${lost.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return (
    <div class="lost">
      <Notice
        text={`Not restored after the reload: ${named}.`}
        hint={
          takeUpError.value?.message ??
          'The page does not store keys and tokens. Connect these devices again.'
        }
      >
        <button class="link" onClick={() => (lostIds.value = [])}>
          Dismiss
        </button>
      </Notice>
    </div>
  );
}
