import { DeviceFilter, isFiltered, showAll, shownIds, whom } from './device-filter.jsx';
import { DeviceRow } from './device-row.jsx';
import { fleet, ids, totals } from './fleet.js';
import { count } from './format.js';
import { Icon } from './icon.jsx';
import { open, openAdding, openFleetTab, place } from './navigation.js';
import { removeDevices } from './removing.jsx';

/** The devices, with buttons that start and stop them. */
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
        {shownIds.value.map((id) => (
          <DeviceRow key={id} id={id} />
        ))}
      </ul>
      {ids.value.length > 0 && shownIds.value.length === 0 && (
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

function Tools() {
  const isNone = shownIds.value.length === 0;
  return (
    <div class="tools">
      <DeviceFilter />
      <div class="buttons">
        <button disabled={isNone} onClick={() => fleet.start(shownIds.value)}>
          <Icon name="start" /> Start {whom()}
        </button>
        <button disabled={isNone} onClick={() => fleet.stop(shownIds.value)}>
          <Icon name="stop" /> Stop {whom()}
        </button>
        <button class="plain" disabled={isNone} onClick={() => removeDevices(shownIds.value)}>
          Remove {whom()}
        </button>
        {isFiltered.value && (
          <button class="plain" onClick={() => openFleetTab('actions')}>
            More for {whom()}
          </button>
        )}
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
