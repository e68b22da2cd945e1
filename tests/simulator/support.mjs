/** Shared by the tests of the fleet in Node.js: a hub for each file, a fleet for each test. */
import { Fleet } from '../../simulator/src/fleet.js';
import { createDevice } from '../node/support.mjs';
import { behaviourOf, sceneOf } from './scenes.mjs';

export { createDevice, hub, test } from '../node/support.mjs';
export { behaviourOf, sceneOf } from './scenes.mjs';

/** Telemetry that is on. */
export const sending = (telemetry) => ({ telemetry: { isOn: true, ...telemetry } });

/** A fleet of one kind, `kind`, and its notifications; it ends with the test. */
export function createFleet(t, behaviour) {
  const fleet = new Fleet();
  t.after(() => fleet.close());
  const scene = sceneOf({ kind: behaviourOf(behaviour) });
  scene.kinds[0].modelId = behaviour?.modelId;
  fleet.setScene(scene);
  return { fleet, snapshots: listen((tell) => fleet.subscribe(tell)) };
}

/** A fleet with one device that has started, and the details of it. */
export async function startDevice(t, behaviour, identity = {}) {
  const { fleet, snapshots } = createFleet(t, behaviour);
  const backEnd = await createDevice();
  const { connectionString, endpoint } = backEnd;
  const { ids } = await fleet.add([{ connectionString, endpoint, ...identity }], 'kind');
  const [id] = ids;
  const details = listen((tell) => fleet.watch(id, tell));
  await fleet.start(ids);
  return { fleet, backEnd, id, snapshots, details };
}

/** The notifications of a listener, which a test can await. */
function listen(subscribe) {
  let last;
  const waiting = new Set();
  subscribe((news) => {
    last = structuredClone(news);
    for (const check of waiting) check();
  });
  return {
    get last() {
      return last;
    },
    /** The first notification that meets a condition. */
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (last === undefined || !condition(last)) return;
          waiting.delete(check);
          resolve(last);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** The only device of a snapshot. */
export const only = ({ devices }) => devices[0];
