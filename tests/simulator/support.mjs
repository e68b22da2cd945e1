/** What the tests of the fleet in Node.js share: a hub for each file, a fleet for each test. */
import { Fleet } from '../../simulator/src/fleet.js';
import { createDevice } from '../node/support.mjs';

export { createDevice, hub, test } from '../node/support.mjs';

/** A behaviour that does nothing, but for what is given of it. */
export function behaviourOf({ telemetry, twin, methods = [] } = {}) {
  return {
    telemetry: {
      template: '{"number": "{{counter}}"}',
      periodMs: 50,
      jitter: 0,
      properties: {},
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      isOn: false,
      ...telemetry,
    },
    twin: { reported: {}, followsDesired: false, ...twin },
    methods,
  };
}

/** Telemetry that is on. */
export const sending = (telemetry) => ({ telemetry: { isOn: true, ...telemetry } });

export const sceneOf = (behaviours) => ({
  version: 1,
  title: 'Test',
  kinds: Object.entries(behaviours).map(([name, behaviour]) => ({ name, count: 1, behaviour })),
});

/** A fleet of one kind, `kind`, and what it tells; it ends with the test. */
export function createFleet(t, behaviour) {
  const fleet = new Fleet();
  t.after(() => fleet.close());
  fleet.setScene(sceneOf({ kind: behaviourOf(behaviour) }));
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

/** What a listener was told, to wait for. */
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
    /** The news that fulfil a condition, as soon as they do. */
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
