import { kindNames } from './scene.js';

/** Chooses one of the scene's kinds of devices. */
export function KindSelect({ value, choose, label = 'Kind' }) {
  return (
    <label>{label}
      <select value={value} onChange={(event) => (choose.value = event.currentTarget.value)}>
        {kindNames.value.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    </label>
  );
}
