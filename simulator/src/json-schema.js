/** The JSON Schemas in a scene: of requests, and of desired properties. */
import { Validator } from '@cfworker/json-schema';

const DRAFT = '2020-12';

/** Whether a JSON Schema is understood. */
export function isJsonSchema(schema) {
  try {
    new Validator(schema, DRAFT).validate(null);
    return true;
  } catch {
    return false;
  }
}

/** Why a value does not fit; `undefined` for one that does, or where there is no schema. */
export function misfit(value, schema) {
  if (schema === undefined) return undefined;
  const { valid, errors } = new Validator(schema, DRAFT).validate(value);
  return valid ? undefined : errors.at(-1).error;
}
