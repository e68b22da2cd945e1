/** Scenes for tests, which need no hub. */
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { Timeline } from '../../simulator/src/timeline.js';

/** A message that is switched off, with the given fields instead of the defaults. */
export const messageOf = (message) => ({
  name: 'telemetry',
  template: '{"number": "{{counter}}"}',
  periodMs: 50,
  jitter: 0,
  properties: {},
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  isOn: false,
  ...message,
});

/** A behaviour that does nothing by default; `telemetry` is one message or more. */
export function behaviourOf({ telemetry, twin, methods = [], modelId: _, ...overTime } = {}) {
  return {
    telemetry: [telemetry].flat().map(messageOf),
    twin: { reported: {}, followsDesired: false, ...twin },
    methods,
    ...overTime,
  };
}

/** A scene of a kind for each behaviour. */
export const sceneOf = (behaviours) => ({
  version: 2,
  title: 'Test',
  kinds: Object.entries(behaviours).map(([name, behaviour]) => ({ name, count: 1, behaviour })),
});

/** The bodies of the first messages that a device sends automatically, in virtual time. */
export function firstBodies(behaviour, deviceId, count) {
  const bodies = [];
  const timeline = new Timeline(readBehaviour(behaviour)(deviceId), {
    moment: () => ({ now: 0, desired: {} }),
    send: (message) => bodies.push(message.next(0).body),
  });
  while (bodies.length < count) timeline.next();
  return bodies;
}
