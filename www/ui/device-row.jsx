import { device, fleet } from './fleet.js';
import { rate } from './format.js';
import { Icon } from './icon.jsx';
import { open, place, selectedId } from './navigation.js';

/** A device in the list: its state, its rate or its error, and what starts or stops it. */
export function DeviceRow({ id }) {
  const shown = device(id);
  if (!shown) return null;
  const { state, kind, lastError, ratePerSecond } = shown;
  const isStopped = state === 'stopped' || state === 'failed';
  const act = isStopped ? 'start' : 'stop';
  const isOpen = place.value === 'device' && selectedId.value === id;
  return (
    <li class="row">
      <button class="row-name" onClick={() => open(id)} aria-current={isOpen ? 'true' : undefined}>
        <Icon name={state} />
        <span class="row-id">{id}</span>
        <span class="row-rate">{state === 'connected' ? rate(ratePerSecond) : ''}</span>
        <span class={`row-about ${lastError ? 'bad' : ''}`}>
          {state}{lastError ? `: ${lastError.message}` : ` · ${kind}`}
        </span>
      </button>
      <button class="plain only-icon" onClick={() => fleet[act]([id])}
        aria-label={`${isStopped ? 'Start' : 'Stop'} ${id}`}>
        <Icon name={act} />
      </button>
    </li>
  );
}
