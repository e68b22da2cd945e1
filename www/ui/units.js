import { behaviourOf } from './scene.js';

/**
 * The units of what devices of a kind send, by the paths of the values. A path may be any name, also
 * one that every object has.
 */
export const unitsOf = (kindName) =>
  Object.assign(Object.create(null), ...behaviourOf(kindName).telemetry.map(unitsOfMessage));

/** The values of a component are shown under its name. */
function unitsOfMessage({ units = {}, component }) {
  if (component === undefined) return units;
  const entries = Object.entries(units).map(([path, unit]) => [`${component}.${path}`, unit]);
  return Object.fromEntries(entries);
}
