/**
 * What a device does automatically, and when: periodic messages, changing values, events. It has no
 * clock and no connection: its owner calls `next` at `dueMs`, and the actor acts. With the same seed
 * and device id, the same events therefore happen in virtual time.
 *
 * @typedef {object} Actor what acts for a device
 * @property {() => {now: number, desired: object}} moment the time since 1970, and the desired
 *   properties
 * @property {(message: import('./behaviour.js').MessageBehaviour) => void} send
 * @property {(properties: object) => void} report
 * @property {(name: string, bytes: number) => void} upload
 * @property {() => void} goOffline
 * @property {() => void} goOnline
 */
import { isEqual, memberAt } from './twin.js';

export class Timeline {
  /** When something happens next, in milliseconds from the start; Infinity for never. */
  dueMs;
  #behaviour;
  #actor;
  #tracks;
  #first;
  /** Now, in milliseconds from the start. */
  #timeMs = 0;
  #isOffline = false;
  #offlineUntil = 0;
  #pausedUntil = 0;
  #conditions;
  #desired;

  /**
   * @param {import('./behaviour.js').DeviceBehaviour} behaviour
   * @param {Actor} actor
   */
  constructor(behaviour, actor) {
    this.#behaviour = behaviour;
    this.#actor = actor;
    this.#conditions = this.#eventsOf('condition').map((event) => ({ event, wasTrue: false }));
    this.#desired = this.#eventsOf('desired').map((event) => ({ event, value: undefined }));
    this.#tracks = this.#tracksAtStart();
    this.#findNext();
  }

  /** Does what is due next. */
  next() {
    const track = this.#first;
    this.#timeMs = track.dueMs;
    track.dueMs = track.after(track.dueMs);
    if (track.dueMs === Infinity) this.#tracks.splice(this.#tracks.indexOf(track), 1);
    track.run();
    this.#findNext();
  }

  /** Desired properties may have changed; `timeMs` is now, from the start. */
  takeDesired(desired, timeMs) {
    for (const known of this.#desired) {
      const value = memberAt(desired, known.event.trigger.path);
      if (value === undefined || isEqual(value, known.value)) continue;
      known.value = value;
      this.#timeMs = timeMs;
      this.#happen(known.event);
      this.#findNext();
    }
  }

  /** The device has responded to a method; `timeMs` is now, from the start. */
  takeCall(method, request, timeMs) {
    for (const event of this.#eventsOf('method')) {
      if (event.trigger.method !== method) continue;
      this.#timeMs = timeMs;
      this.#happen(event, request);
      this.#findNext();
    }
  }

  /**
   * If several things are due at the same time, values change first, so that messages contain the
   * new ones.
   */
  #tracksAtStart() {
    const { values, messages, phase } = this.#behaviour;
    const goOn = (periodMs) => () => {
      values.goOn(periodMs, this.#context());
      this.#check();
    };
    const happen = (event) => () => this.#happen(event);
    return [
      once(0, () => this.#check()),
      ...[...values.periods].map((periodMs) => every(periodMs, periodMs, goOn(periodMs))),
      ...this.#eventsOf('time').map((event) => {
        const { afterMs = 0, everyMs = Infinity } = event.trigger;
        return every(everyMs, afterMs, happen(event));
      }),
      ...this.#eventsOf('random').map((event) => atRandom(event.trigger, happen(event))),
      ...messages
        .filter(({ settings }) => settings.isOn)
        .map((message) => inItsPeriod(message, phase, () => this.#sendInTurn(message))),
    ];
  }

  #eventsOf(type) {
    return this.#behaviour.events.filter(({ trigger }) => trigger.type === type);
  }

  /** If several are due at the same time, the first in the list is next. */
  #findNext() {
    let first;
    for (const track of this.#tracks) if (!first || track.dueMs < first.dueMs) first = track;
    this.#first = first;
    this.dueMs = first?.dueMs ?? Infinity;
  }

  #sendInTurn(message) {
    const { now, desired } = this.#actor.moment();
    if (this.#timeMs >= this.#pausedUntil && message.isDue(now, desired)) this.#send(message);
  }

  #send(message) {
    if (!this.#isOffline) this.#actor.send(message);
  }

  #happen(event, request) {
    this.#act(event, request);
    this.#check();
  }

  /**
   * Changes by its own actions are checked the next time, so that two events cannot loop forever.
   */
  #check() {
    const context = this.#context();
    const turned = this.#conditions.filter((condition) => {
      const { wasTrue } = condition;
      condition.wasTrue = condition.event.trigger.isTrue(context);
      return condition.wasTrue && !wasTrue;
    });
    for (const { event } of turned) this.#act(event);
  }

  #act({ actions }, request) {
    for (const action of actions) {
      const context = { ...this.#context(), request };
      if (action.type === 'send') this.#sendOften(action);
      if (action.type === 'report') this.#report(action.properties(context));
      if (action.type === 'set') this.#behaviour.values.set(action.values(context));
      if (action.type === 'upload') this.#upload(action.name(context), action.bytes);
      if (action.type === 'pause') this.#pausedUntil = this.#later(this.#pausedUntil, action);
      if (action.type === 'offline') this.#goOffline(action);
      if (action.type === 'online') this.#goOnline();
    }
  }

  #sendOften({ message: name, count = 1, periodMs = 0 }) {
    const message = this.#behaviour.messages.find(({ settings }) => settings.name === name);
    this.#send(message);
    let left = count - 1;
    if (left === 0) return;
    const after = (dueMs) => ((left -= 1) > 0 ? dueMs + periodMs : Infinity);
    this.#tracks.push({ dueMs: this.#timeMs + periodMs, after, run: () => this.#send(message) });
  }

  #report(properties) {
    if (!this.#isOffline) this.#actor.report(properties);
  }

  #upload(name, bytes) {
    if (!this.#isOffline) this.#actor.upload(String(name), bytes);
  }

  #goOffline({ forMs = Infinity }) {
    this.#offlineUntil = this.#later(this.#offlineUntil, { forMs });
    if (forMs < Infinity) {
      const comeBack = () => this.#timeMs >= this.#offlineUntil && this.#goOnline();
      this.#tracks.push(once(this.#timeMs + forMs, comeBack));
    }
    if (!this.#isOffline) this.#actor.goOffline();
    this.#isOffline = true;
  }

  #goOnline() {
    this.#offlineUntil = 0;
    if (this.#isOffline) this.#actor.goOnline();
    this.#isOffline = false;
  }

  #later(end, { forMs }) {
    return Math.max(end, this.#timeMs + forMs);
  }

  #context() {
    const { now, desired } = this.#actor.moment();
    return this.#behaviour.context(now, desired);
  }
}

/*
 * Something that happens at certain times: `run` is called at `dueMs`, and `after` returns the next
 * time, Infinity for never.
 */

const once = (dueMs, run) => every(Infinity, dueMs, run);

const every = (periodMs, dueMs, run) => ({ dueMs, after: (now) => now + periodMs, run });

/** The time between two has an exponential distribution, as between failures. */
function atRandom({ meanMs, random }, run) {
  const after = (now) => now - meanMs * Math.log(1 - random());
  return { dueMs: after(0), after, run };
}

/**
 * The first message is sent immediately. The second follows after a part of the period, the phase
 * of the device: otherwise, devices that start together would always send together. With jitter, a
 * message is late by a random part of its period; those after it are not.
 */
function inItsPeriod({ settings: { periodMs, jitter }, jitterRandom }, phase, run) {
  let slot = -phase * periodMs;
  const after = () => {
    slot += periodMs;
    return slot + jitter * periodMs * jitterRandom();
  };
  return { dueMs: 0, after, run };
}
