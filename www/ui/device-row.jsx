import { useComputed } from '@preact/signals';

import { device, fleet } from './fleet.js';
import { rate } from './format.js';
import { Icon } from './icon.jsx';
import { open, place, selectedId } from './navigation.js';
import { inWords } from './words.js';

/** A device in the list: its state, its rate or its error, and what starts or stops it. */
export function DeviceRow({ id }) {
  // Each on its own: hundreds of rows are drawn when their words change, not at each message.
  const state = useComputed(() => device(id)?.state).value;
  const about = useComputed(() => aboutOf(device(id))).value;
  const speed = useComputed(() => speedOf(device(id))).value;
  const hasError = useComputed(() => device(id)?.lastError !== undefined).value;
  const isOpen = useComputed(() => place.value === 'device' && selectedId.value === id).value;
  if (state === undefined) return null;
  const isStopped = state === 'stopped' || state === 'failed';
  const act = isStopped ? 'start' : 'stop';
  return (
    <li class="row">
      <button class="row-name" onClick={() => open(id)} aria-current={isOpen ? 'true' : undefined}>
        <Icon name={state} />
        <span class="row-id">{id}</span>
        <span class="row-rate">{speed}</span>
        <span class={`row-about ${hasError ? 'bad' : ''}`}>{about}</span>
      </button>
      <button
        class="plain only-icon"
        onClick={() => fleet[act]([id])}
        aria-label={`${isStopped ? 'Start' : 'Stop'} ${id}`}
      >
        <Icon name={act} />
      </button>
    </li>
  );
}

function aboutOf({ state, kind, lastError } = {}) {
  return lastError ? `${state}: ${inWords(lastError.message)}` : `${state} · ${kind}`;
}

function speedOf({ state, ratePerSecond } = {}) {
  return state === 'connected' ? rate(ratePerSecond) : '';
}
