import { useRef } from 'preact/hooks';
import { useComputed } from '@preact/signals';

import { device, fleet } from './fleet.js';
import { rate } from './format.js';
import { Icon } from './icon.jsx';
import { open, place, selectedId } from './navigation.js';
import { inWords } from './words.js';

/** A device in the list: its state, its rate or its error, and what starts or stops it. */
export function DeviceRow({ id }) {
  const { state, about, speed, hasError } = useLook(id);
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

/** The same object for as long as a row looks the same: each message changes a device. */
function useLook(id) {
  const last = useRef({});
  return useComputed(() => {
    const look = lookOf(device(id));
    if (Object.keys(look).some((name) => look[name] !== last.current[name])) last.current = look;
    return last.current;
  }).value;
}

function lookOf({ state, kind, lastError, ratePerSecond } = {}) {
  return {
    state,
    about: lastError ? `${state}: ${inWords(lastError.message)}` : `${state} · ${kind}`,
    speed: state === 'connected' ? rate(ratePerSecond) : '',
    hasError: lastError !== undefined,
  };
}
