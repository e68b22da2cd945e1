/**
 * Which devices a fleet has. Everything about a device follows from its index in the whole fleet,
 * so that several processes need no coordination.
 *
 * @typedef {object} PlannedDevice
 * @property {number} index from 0
 * @property {string} deviceId
 * @property {string} kind
 * @property {number} startMs when it connects, from the start of the whole fleet
 */

/**
 * The devices of one shard of a fleet.
 * @param {import('./scene.js').Scene} scene
 * @param {object} options
 * @param {number} [options.devices] of the whole fleet; default: what the scene says
 * @param {string} [options.prefix] what ids begin with
 * @param {number} [options.perSecond] how many devices connect in a second
 * @param {{index: number, count: number}} [options.shard]
 * @returns {PlannedDevice[]}
 */
export function planDevices(scene, options = {}) {
  const { devices = sizeOf(scene) } = options;
  const { index: first, count: step } = options.shard ?? { index: 0, count: 1 };
  const planOf = devicePlan(scene, options);
  const planned = [];
  for (let index = first; index < devices; index += step) planned.push(planOf(index));
  return planned;
}

/**
 * Any device of a fleet, for engines that do not know how many there will be.
 * @param {import('./scene.js').Scene} scene
 * @param {{prefix?: string, perSecond?: number}} [options] as for `planDevices`
 * @returns {(index: number) => PlannedDevice}
 */
export function devicePlan(scene, { prefix = 'sim-', perSecond = 100 } = {}) {
  const kindOf = kindByIndex(scene);
  return (index) => ({
    index,
    deviceId: `${prefix}${index + 1}`,
    kind: kindOf(index),
    startMs: (index * 1000) / perSecond,
  });
}

/** How many devices a scene has. */
export const sizeOf = ({ kinds }) => kinds.reduce((sum, { count }) => sum + count, 0);

/** How many messages devices send per second, without events that conditions and calls trigger. */
export function rateOf(scene, planned) {
  const rates = new Map(
    scene.kinds.map(({ name, behaviour }) => [
      name,
      sum(behaviour.telemetry.map(({ isOn, periodMs }) => (isOn ? 1000 / periodMs : 0))) +
        sum((behaviour.events ?? []).map(rateOfEvent)),
    ]),
  );
  return sum(planned.map(({ kind }) => rates.get(kind)));
}

function rateOfEvent({ trigger, actions }) {
  const { everyMs, meanMs = everyMs } = trigger;
  if (meanMs === undefined) return 0;
  const counts = actions.map(({ type, count = 1 }) => (type === 'send' ? count : 0));
  return (sum(counts) * 1000) / meanMs;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Kinds take turns in proportion to their counts, until there are enough devices. */
function kindByIndex(scene) {
  const names = scene.kinds.flatMap(({ name, count }) => new Array(count).fill(name));
  return (index) => names[index % names.length];
}
