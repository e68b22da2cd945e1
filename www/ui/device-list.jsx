import { computed, signal } from '@preact/signals';

import { DeviceRow } from './device-row.jsx';
import { device, fleet, ids, totals } from './fleet.js';
import { count } from './format.js';
import { Icon } from './icon.jsx';
import { open, openAdding, place } from './navigation.js';
import { removeDevices } from './removing.jsx';

const filter = signal('');
const state = signal('any');

const STATES = {
  any: () => true,
  connected: (shown) => shown.state === 'connected',
  waiting: (shown) => shown.state === 'connecting' || shown.state === 'reconnecting',
  stopped: (shown) => shown.state === 'stopped',
  error: (shown) => shown.lastError !== undefined,
};

let before = [];

/** The same array as long as the same devices match, so that the list is not drawn for nothing. */
const matching = computed(() => {
  const text = filter.value.trim().toLowerCase();
  const matches = (id) => {
    const shown = device(id);
    const words = `${id} ${shown.kind}`.toLowerCase();
    return words.includes(text) && STATES[state.value](shown);
  };
  const now = text || state.value !== 'any' ? ids.value.filter(matches) : ids.value;
  if (now.length !== before.length || now.some((id, index) => id !== before[index])) before = now;
  return before;
});

/** The devices, with what starts and stops them. */
export function DeviceList() {
  return (
    <nav class="devices" aria-label="Devices">
      <div class="devices-head">
        <h2>
          Devices <span class="quiet">{count(ids.value.length)}</span>
        </h2>
        <button onClick={openAdding} aria-current={place.value === 'add' ? 'true' : undefined}>
          <Icon name="plus" /> Add
        </button>
      </div>
      {ids.value.length > 0 && <Tools />}
      <ul class="rows" onKeyDown={moveFocus}>
        <FleetRow />
        {matching.value.map((id) => (
          <DeviceRow key={id} id={id} />
        ))}
      </ul>
      {ids.value.length > 0 && matching.value.length === 0 && (
        <p class="empty">
          No device matches.{' '}
          <button class="link" onClick={showAll}>
            Show all
          </button>
        </p>
      )}
    </nav>
  );
}

function showAll() {
  filter.value = '';
  state.value = 'any';
}

function Tools() {
  const isFiltered = matching.value.length !== ids.value.length;
  const which = isFiltered ? `${count(matching.value.length)} shown` : 'all';
  const isNone = matching.value.length === 0;
  const chosen = () => (isFiltered ? matching.value : 'all');
  return (
    <div class="tools">
      <input
        type="search"
        aria-label="Filter devices"
        placeholder="Filter by id or kind"
        value={filter}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      <select
        aria-label="State"
        value={state}
        onChange={(event) => (state.value = event.currentTarget.value)}
      >
        <option value="any">Any state</option>
        <option value="connected">Connected</option>
        <option value="waiting">Connecting</option>
        <option value="stopped">Stopped</option>
        <option value="error">With an error</option>
      </select>
      <div class="buttons">
        <button disabled={isNone} onClick={() => fleet.start(chosen())}>
          <Icon name="start" /> Start {which}
        </button>
        <button disabled={isNone} onClick={() => fleet.stop(chosen())}>
          <Icon name="stop" /> Stop {which}
        </button>
        <button
          class="plain"
          disabled={isNone}
          onClick={() => removeDevices(isFiltered ? matching.value : ids.value)}
        >
          Remove {which}
        </button>
      </div>
    </div>
  );
}

function FleetRow() {
  const { devices, connected } = totals.value;
  return (
    <li class="row fleet-row">
      <button
        class="row-name"
        onClick={() => open()}
        aria-current={['fleet', 'list'].includes(place.value) ? 'true' : undefined}
      >
        <span class="row-id">All devices</span>
        <span class="row-about">
          {devices ? `${count(connected)} connected` : 'charts, scene, wire log'}
        </span>
      </button>
    </li>
  );
}

/** The arrow keys go from device to device, as Tab goes through their buttons as well. */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const edge = { Home: 0, End: -1 }[event.key];
  if (step === undefined && edge === undefined) return;
  const names = [...event.currentTarget.querySelectorAll('.row-name')];
  const here = event.target.closest('.row')?.querySelector('.row-name');
  const next = step === undefined ? names.at(edge) : names[names.indexOf(here) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
