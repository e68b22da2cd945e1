import { computed, signal } from '@preact/signals';

import { device, ids, peekDevice } from './fleet.js';
import { count, counted } from './format.js';
import { held, matches, NO_FILTER, outdated, STATES } from './groups.js';
import { kindNames } from './scene.js';
import { allTags, tagsOf } from './tags.js';

/** Set again to show what matches now. */
const filter = signal(NO_FILTER);

export const showAll = () => (filter.value = NO_FILTER);

export const isFiltered = computed(() => Object.values(filter.value).some((part) => part !== ''));

const isMatch = (id) => matches(device(id), tagsOf(id), filter.value);

let before;

const group = computed(() => {
  // A device that changes does not change the list: only the filter, and added or removed devices,
  // do.
  const now = { filter: filter.value, ids: ids.value };
  before = held(before, now.filter, now.ids, (id) =>
    matches(peekDevice(id), tagsOf(id), now.filter),
  );
  return before;
});

/** The ids that the filter shows. */
export const shownIds = computed(() => group.value.shown);

const changed = computed(() => (isFiltered.value ? outdated(group.value, isMatch) : 0));

/** Chooses devices by text, state, kind and tag. */
export function DeviceFilter() {
  const set = (name) => (event) =>
    (filter.value = { ...filter.value, [name]: event.currentTarget.value });
  const { text, state, kind, tag } = filter.value;
  return (
    <>
      <input
        type="search"
        aria-label="Filter devices"
        placeholder="Filter by id, kind or tag"
        value={text}
        onInput={set('text')}
      />
      <Choice label="State" any="Any state" value={state} set={set('state')} of={STATES} />
      {kindNames.value.length > 1 && (
        <Choice label="Kind" any="Any kind" value={kind} set={set('kind')} of={named(kindNames)} />
      )}
      {allTags.value.length > 0 && (
        <Choice label="Tag" any="Any tag" value={tag} set={set('tag')} of={named(allTags)} />
      )}
      {changed.value > 0 && (
        <button class="chip" onClick={() => (filter.value = { ...filter.value })}>
          {counted(changed.value, 'device')} changed: update the list
        </button>
      )}
    </>
  );
}

const named = (names) => Object.fromEntries(names.value.map((name) => [name, name]));

function Choice({ label, any, value, set, of }) {
  return (
    <select aria-label={label} value={value} onChange={set}>
      <option value="">{any}</option>
      {Object.entries(of).map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </select>
  );
}

/** Which devices a button is for: "all", or "12 shown". */
export const whom = () => (isFiltered.value ? `${count(shownIds.value.length)} shown` : 'all');
