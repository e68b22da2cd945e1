import { Validator } from '@cfworker/json-schema';

import { randomFrom, seedOf } from './random.js';
import { readTemplate, readText, TemplateError, toText } from './template.js';

/**
 * A behaviour of a scene, read: `begin` makes what one device needs of it. With the same seed and
 * device id it sends and answers the same: each message and each method has random numbers of its
 * own, so that what comes first changes nothing.
 *
 * @param {import('./scene.js').Behaviour} behaviour
 * @param {number} [seed]
 * @returns {(deviceId: string) => DeviceBehaviour}
 * @throws {TemplateError} whose `at.field` names the field
 */
export function readBehaviour({ telemetry, twin, methods }, seed = 0) {
  const messages = telemetry.map((message, index) => readMessage(message, `telemetry.${index}`));
  const reported = within('twin.reported', () => readTemplate(JSON.stringify(twin.reported)));
  const answers = methods.map((method, index) => {
    const field = `methods.${index}.payload`;
    const begin = within(field, () => readTemplate(method.payload, { withRequest: true }));
    return { ...method, begin, refusal: refusing(method.request) };
  });
  const writable = (twin.writable ?? []).map((property) => ({
    ...property,
    refusal: refusing(property.schema),
  }));
  return (deviceId) => {
    const randomOf = (part) => randomFrom(seedOf(`${seed}/${deviceId}/${part}`));
    return new DeviceBehaviour(deviceId, {
      messages: messages.map((begin) => begin(deviceId, randomOf)),
      followsDesired: twin.followsDesired,
      writable,
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

/** Reads the behaviours of a scene's kinds; an error's place begins with that in the scene. */
export function readKinds({ kinds, seed = 0 }) {
  return kinds.map(({ behaviour }, index) =>
    within(`kinds.${index}.behaviour`, () => readBehaviour(behaviour, seed)),
  );
}

function readMessage(message, field) {
  const body = within(`${field}.template`, () => readTemplate(message.template));
  const properties = Object.entries(message.properties).map(([name, text]) => {
    const begin = within(`${field}.properties.${name}`, () => readText(text));
    return [name, begin];
  });
  return (deviceId, randomOf) => {
    const random = randomOf(`message/${message.name}`);
    return new MessageBehaviour(deviceId, message, {
      body: body(random),
      properties: properties.map(([name, begin]) => [name, begin(random)]),
      jitterRandom: randomOf(`time/${message.name}`),
    });
  };
}

/** One of the messages that a device sends again and again. */
class MessageBehaviour {
  #deviceId;
  #settings;
  #parts;

  constructor(deviceId, settings, parts) {
    this.#deviceId = deviceId;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Period, jitter and the like. */
  get settings() {
    return this.#settings;
  }

  /** What its jitter is made of. */
  get jitterRandom() {
    return this.#parts.jitterRandom;
  }

  /** A body under the name of its component, where it has one: beside those of other messages. */
  placed(body) {
    const { component } = this.#settings;
    return component === undefined ? body : { [component]: body };
  }

  /** The next message; `desired` are the desired properties that the device knows. */
  next(now, desired = {}) {
    const { component, contentType, contentEncoding } = this.#settings;
    const context = { now, deviceId: this.#deviceId, desired };
    const value = this.#parts.body(context);
    const properties = Object.fromEntries(
      this.#parts.properties.map(([name, next]) => [name, toText(next(context))]),
    );
    return {
      body: value,
      text: JSON.stringify(value),
      // By this property a hub knows the component: learn.microsoft.com/azure/iot/concepts-convention
      properties: component === undefined ? properties : { ...properties, '$.sub': component },
      contentType,
      contentEncoding,
    };
  }
}

/** What one device sends, reports and answers. */
class DeviceBehaviour {
  #deviceId;
  #parts;

  constructor(deviceId, parts) {
    this.#deviceId = deviceId;
    this.#parts = parts;
  }

  /** What it sends. */
  get messages() {
    return this.#parts.messages;
  }

  get followsDesired() {
    return this.#parts.followsDesired;
  }

  /** The desired properties that it acknowledges; `refusal` says what is wrong with a value. */
  get writable() {
    return this.#parts.writable;
  }

  /** What the device reports when it starts. */
  reportedAtStart(now, desired = {}) {
    return this.#parts.reported({ now, deviceId: this.#deviceId, desired });
  }

  /** The answer to a call: how late, with what status, with what payload. */
  answer(name, request, now, desired = {}) {
    const method = this.#parts.methods.get(name);
    if (!method) {
      const message = `this simulated device has no method ${name}`;
      return { delayMs: 0, status: 404, payload: { message } };
    }
    const message = method.refusal(request);
    if (message) return { delayMs: 0, status: 400, payload: { message } };
    const { delayMs, status, payload } = method;
    const context = { now, deviceId: this.#deviceId, desired, request };
    return { delayMs, status, payload: payload(context) };
  }
}

/** What says why a value does not fit a JSON Schema; `undefined` for one that does. */
function refusing(schema) {
  if (schema === undefined) return () => undefined;
  const validator = new Validator(schema, '2020-12');
  return (value) => {
    const { valid, errors } = validator.validate(value);
    return valid ? undefined : errors.at(-1).error;
  };
}

/** Adds the field to the place of an error. */
function within(field, read) {
  try {
    return read();
  } catch (error) {
    throw TemplateError.within(field, error);
  }
}
