import { readCondition, readEvents } from './events.js';
import { randomFrom, seedOf } from './random.js';
import { readTemplate, readText, readValue, TemplateError, toText } from './template.js';
import { readValues } from './values.js';

/**
 * Reads a behaviour of a scene. The returned function creates what one device needs. With the same
 * seed and device id, a device sends and responds the same: each message and each method has its
 * own random numbers, so their order makes no difference.
 *
 * @param {import('./scene.js').Behaviour} behaviour
 * @param {number} [seed]
 * @returns {(deviceId: string) => DeviceBehaviour}
 * @throws {TemplateError} whose `at.field` names the field
 */
export function readBehaviour(behaviour, seed = 0) {
  const { telemetry, twin, methods, values = [], columns = {} } = behaviour;
  const known = { values: values.map(({ name }) => name), columns };
  const messages = telemetry.map((message, at) => readMessage(message, `telemetry.${at}`, known));
  const reported = within('twin.reported', () => readValue(twin.reported, known));
  const answers = methods.map((method, index) => {
    const field = `methods.${index}.payload`;
    const begin = within(field, () =>
      readTemplate(method.payload, { ...known, withRequest: true }),
    );
    return { ...method, begin };
  });
  const beginValues = readValues(values, known, within);
  const beginEvents = readEvents(behaviour, known, within);
  return (deviceId) => {
    const randomOf = (part) => randomFrom(seedOf(`${seed}/${deviceId}/${part}`));
    const deviceValues = beginValues(randomOf);
    const context = contextsOf(deviceId, deviceValues);
    return new DeviceBehaviour(context, randomOf('phase')(), {
      messages: messages.map((begin) => begin(context, randomOf)),
      values: deviceValues,
      events: beginEvents(randomOf),
      followsDesired: twin.followsDesired,
      writable: twin.writable ?? [],
      reported: reported(randomOf('reported')),
      methods: new Map(
        answers.map(({ begin, ...method }) => [
          method.name,
          { ...method, payload: begin(randomOf(`method/${method.name}`)) },
        ]),
      ),
    });
  };
}

/** Reads the behaviours of a scene's kinds; the place in an error begins at the scene. */
export function readKinds({ kinds, seed = 0 }) {
  return kinds.map(({ behaviour }, index) =>
    within(`kinds.${index}.behaviour`, () => readBehaviour(behaviour, seed)),
  );
}

/**
 * Returns a function that creates the context of values: the time, the device, its desired
 * properties, and the current values of the device.
 */
function contextsOf(deviceId, values) {
  return (now, desired = {}) => {
    const context = { now, deviceId, desired, values };
    values.begin(context);
    return context;
  };
}

function readMessage(message, field, known) {
  const body = within(`${field}.template`, () => readTemplate(message.template, known));
  const properties = Object.entries(message.properties).map(([name, text]) => {
    const begin = within(`${field}.properties.${name}`, () => readText(text, known));
    return [name, begin];
  });
  const isDue = within(`${field}.when`, () =>
    message.when === undefined ? undefined : readCondition(message.when, known),
  );
  return (context, randomOf) => {
    const random = randomOf(`message/${message.name}`);
    return new MessageBehaviour(context, message, {
      isDue: isDue?.(randomOf(`when/${message.name}`)),
      body: body(random),
      properties: properties.map(([name, begin]) => [name, begin(random)]),
      jitterRandom: randomOf(`time/${message.name}`),
    });
  };
}

/** One of the messages that a device sends periodically. */
class MessageBehaviour {
  #context;
  #settings;
  #parts;

  constructor(context, settings, parts) {
    this.#context = context;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Period, jitter and the like. */
  get settings() {
    return this.#settings;
  }

  /** The random numbers for its jitter. */
  get jitterRandom() {
    return this.#parts.jitterRandom;
  }

  /**
   * Puts a body under the name of its component, if it has one, to be shown with other messages.
   */
  placed(body) {
    const { component } = this.#settings;
    return component === undefined ? body : { [component]: body };
  }

  /** Whether it is sent when it is due. */
  isDue(now, desired) {
    const { isDue } = this.#parts;
    return isDue === undefined || isDue(this.#context(now, desired));
  }

  /** The next message; `desired` are the desired properties that the device knows. */
  next(now, desired) {
    const { component, contentType, contentEncoding } = this.#settings;
    const context = this.#context(now, desired);
    const value = this.#parts.body(context);
    const properties = Object.fromEntries(
      this.#parts.properties.map(([name, next]) => [name, toText(next(context))]),
    );
    return {
      body: value,
      text: JSON.stringify(value),
      // Hubs read the component from this property:
      // learn.microsoft.com/azure/iot/concepts-convention
      properties: component === undefined ? properties : { ...properties, '$.sub': component },
      contentType,
      contentEncoding,
    };
  }
}

/** What one device sends and reports, and how it responds. */
class DeviceBehaviour {
  #parts;

  /** Creates the context of values: see `contextsOf`. */
  context;

  /** How far it is in the periods of its messages when it starts, from 0 to 1: see `Timeline`. */
  phase;

  constructor(context, phase, parts) {
    this.context = context;
    this.phase = phase;
    this.#parts = parts;
  }

  /** What it sends. */
  get messages() {
    return this.#parts.messages;
  }

  /** See `readEvents`. */
  get events() {
    return this.#parts.events;
  }

  get values() {
    return this.#parts.values;
  }

  get followsDesired() {
    return this.#parts.followsDesired;
  }

  /** The desired properties that it acknowledges. */
  get writable() {
    return this.#parts.writable;
  }

  /** What the device reports when it starts. */
  reportedAtStart(now, desired) {
    return this.#parts.reported(this.context(now, desired));
  }

  /** Its methods by name, whose `payload` is a function of a context; see `answerTo`. */
  get methods() {
    return this.#parts.methods;
  }
}

/** Adds the field to the place of an error. */
function within(field, read) {
  try {
    return read();
  } catch (error) {
    throw TemplateError.within(field, error);
  }
}
