import { useSignal } from '@preact/signals';

import { kindNames } from './scene.js';

/** The kind that was chosen, or the scene's first. */
export function useKind() {
  const chosen = useSignal(undefined);
  const kindName = kindNames.value.includes(chosen.value) ? chosen.value : kindNames.value[0];
  return { kindName, choose: (name) => (chosen.value = name) };
}

/** Chooses one of the scene's kinds of devices, if there is more than one. */
export function KindSelect({ kind, label = 'Kind' }) {
  if (kindNames.value.length === 1) return null;
  return (
    <label>
      {label}
      <select value={kind.kindName} onChange={(event) => kind.choose(event.currentTarget.value)}>
        {kindNames.value.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
