import { ids } from './fleet.js';
import { Notice } from './notice.jsx';
import { lostIds, takeUpError } from './session.js';

const MOST_NAMED = 5;

/** Tells which devices a reload has not brought back, until they are added again. */
export function LostDevices() {
  const lost = lostIds.value.filter((id) => !ids.value.includes(id));
  if (lost.length === 0) return null;
  const more = lost.length - MOST_NAMED;
  const named = `${lost.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return (
    <div class="lost">
      <Notice
        text={`Not in the page since it was loaded again: ${named}.`}
        hint={takeUpError.value?.message ?? 'Keys and tokens are not kept. Connect them again.'}
      >
        <button class="link" onClick={() => (lostIds.value = [])}>
          Do not show this again
        </button>
      </Notice>
    </div>
  );
}
