import { randomFrom, seedOf } from './random.js';
import { readTemplate, readText, TemplateError, toText } from './template.js';

/**
 * A behaviour of a scene, read: `begin` makes what one device needs of it.
 *
 * @param {import('./scene.js').Behaviour} behaviour
 * @returns {(deviceId: string) => DeviceBehaviour}
 * @throws {TemplateError} whose `at.field` names the field
 */
export function readBehaviour({ telemetry, twin, methods }) {
  const body = within('telemetry.template', () => readTemplate(telemetry.template));
  const properties = Object.entries(telemetry.properties).map(([name, text]) => {
    const begin = within(`telemetry.properties.${name}`, () => readText(text));
    return [name, begin];
  });
  const reported = within('twin.reported', () => readTemplate(JSON.stringify(twin.reported)));
  const payloads = methods.map((method, index) => {
    const field = `methods.${index}.payload`;
    const begin = within(field, () => readTemplate(method.payload, { withRequest: true }));
    return [method, begin];
  });
  return (deviceId) => {
    const random = randomFrom(seedOf(deviceId));
    return new DeviceBehaviour(deviceId, {
      telemetry,
      followsDesired: twin.followsDesired,
      body: body(random),
      properties: properties.map(([name, begin]) => [name, begin(random)]),
      reported: reported(random),
      methods: new Map(
        payloads.map(([method, begin]) => [method.name, { ...method, payload: begin(random) }]),
      ),
    });
  };
}

/** What one device sends, reports and answers; the same for the same device id. */
class DeviceBehaviour {
  #deviceId;
  #parts;

  constructor(deviceId, parts) {
    this.#deviceId = deviceId;
    this.#parts = parts;
  }

  /** Period, jitter and the like. */
  get telemetry() {
    return this.#parts.telemetry;
  }

  get followsDesired() {
    return this.#parts.followsDesired;
  }

  /** The next message. */
  nextMessage(now) {
    const { telemetry, body, properties } = this.#parts;
    const context = { now, deviceId: this.#deviceId };
    const value = body(context);
    return {
      body: value,
      text: JSON.stringify(value),
      properties: Object.fromEntries(
        properties.map(([name, next]) => [name, toText(next(context))]),
      ),
      contentType: telemetry.contentType,
      contentEncoding: telemetry.contentEncoding,
    };
  }

  /** What the device reports when it starts. */
  reportedAtStart(now) {
    return this.#parts.reported({ now, deviceId: this.#deviceId });
  }

  /** The answer to a call: how late, with what status, with what payload. */
  answer(name, request, now) {
    const method = this.#parts.methods.get(name);
    if (!method) {
      const message = `this simulated device has no method ${name}`;
      return { delayMs: 0, status: 404, payload: { message } };
    }
    const { delayMs, status, payload } = method;
    return { delayMs, status, payload: payload({ now, deviceId: this.#deviceId, request }) };
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
