/** The parts of the schemas of scenes; messages are half sentences that follow a path. */
import * as v from 'valibot';

import { holdsSecret, isSecret } from './secrets.js';

const IS_SECRET = 'contains a key or a token, which must not be in a scene';

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const uniqueNames = (list) => new Set(list.map((item) => item.name)).size === list.length;
export const described = (schema, text) => v.pipe(schema, v.description(text));

export const text = v.pipe(
  v.string(),
  v.check((value) => !isSecret(value), IS_SECRET),
);
export const template = v.pipe(
  v.string(),
  v.check((value) => !holdsSecret(value), IS_SECRET),
);
export const name = v.pipe(
  text,
  v.nonEmpty('is empty'),
  v.maxLength(128, 'is longer than 128 characters'),
);
export const whole = (least, most) =>
  v.pipe(
    v.number('is not a number'),
    v.integer('is not a whole number'),
    v.minValue(least, `is below ${least}`),
    v.maxValue(most, `is above ${most}`),
  );
/** Names that the library's records drop silently. */
const DROPPED = ['__proto__', 'constructor', 'prototype'];
export const record = (value) =>
  v.pipe(
    v.any(),
    v.rawCheck(({ dataset: { value: input }, addIssue }) => {
      if (!isObject(input)) return;
      for (const key of DROPPED.filter((name) => Object.hasOwn(input, name))) {
        const place = { type: 'object', origin: 'key', input, key, value: input[key] };
        addIssue({ message: 'is a reserved name', path: [place] });
      }
    }),
    v.record(name, value),
  );
/** Not copied: a record would lose members with the names of inherited ones. */
export const object = v.pipe(
  v.custom((value) => value !== undefined && !holdsSecret(JSON.stringify(value)), IS_SECRET),
  v.check(isObject, 'is not an object'),
);
