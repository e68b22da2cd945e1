/** The JSON Schemas in a scene: of requests, and of desired properties. */
import { Validator } from '@cfworker/json-schema';

const DRAFT = '2020-12';

/** Schema → its validator: creating one takes longer than using it. */
const validators = new WeakMap();

/** Whether the validator supports a JSON Schema. */
export function isJsonSchema(schema) {
  try {
    new Validator(schema, DRAFT).validate(null);
    return true;
  } catch {
    return false;
  }
}

/** Why a value does not match; `undefined` if it does, or if there is no schema. */
export function misfit(value, schema) {
  if (schema === undefined) return undefined;
  const { valid, errors } = validatorOf(schema).validate(value);
  return valid ? undefined : errors.at(-1).error;
}

function validatorOf(schema) {
  const known = validators.get(schema);
  if (known) return known;
  const validator = new Validator(schema, DRAFT);
  validators.set(schema, validator);
  return validator;
}
