/** The schema of what a behaviour does over time: values, events, columns. */
import * as v from 'valibot';

import { RESERVED } from './names.js';
import {
  described,
  name,
  object,
  record,
  template,
  text,
  uniqueNames,
  whole,
} from './schema-parts.js';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;

/** A file of 16 MB is uploaded in seconds, and a fleet may upload many. */
const MAX_BYTES = 16 * 1024 * 1024;

export const expression = described(
  v.pipe(text, v.nonEmpty('is empty'), v.maxLength(1000, 'is longer than 1000 characters')),
  'An expression over values, such as battery < 20 && !charging.',
);

const Value = v.pipe(
  v.strictObject({
    name: v.pipe(
      name,
      v.regex(/^[A-Za-z_]\w*$/, 'is not a name of a value: letters, digits and _'),
      v.check((value) => !RESERVED.includes(value), 'is a name that every device already has'),
    ),
    start: v.optional(
      described(
        v.union([v.number(), v.boolean(), template], 'is not a number, boolean or text'),
        'The initial value; a string may contain generators. Default: the first value of next.',
      ),
    ),
    next: v.optional(
      described(template, 'Later values, with generators. Default: only events set the value.'),
    ),
    periodMs: v.optional(
      described(whole(100, DAY_MS), 'The interval of next. Default: one second.'),
    ),
  }),
  v.check(
    ({ start, next }) => start !== undefined || next !== undefined,
    'has neither start nor next',
  ),
);

export const Values = described(
  v.pipe(v.array(Value), v.check(uniqueNames, 'has a name twice')),
  'Values that messages, reports and events of a device share, by name.',
);

const duration = whole(1, MONTH_MS);

const Trigger = v.variant(
  'type',
  [
    v.strictObject({
      type: described(v.literal('condition'), 'When an expression becomes true.'),
      expression,
    }),
    v.strictObject({
      type: described(v.literal('time'), 'At a time after the device started.'),
      afterMs: v.optional(described(whole(0, MONTH_MS), 'The first time. Default: 0.')),
      everyMs: v.optional(described(whole(1000, MONTH_MS), 'The interval. Default: once.')),
    }),
    v.strictObject({
      type: described(v.literal('random'), 'At random, like failures.'),
      meanMs: described(whole(1000, MONTH_MS), 'The mean interval.'),
    }),
    v.strictObject({
      type: described(v.literal('desired'), 'When a desired property changes.'),
      property: described(name, 'Its path, such as cooling.target.'),
    }),
    v.strictObject({
      type: described(v.literal('method'), 'When the device has responded to a method.'),
      method: name,
    }),
  ],
  'is none of condition, time, random, desired and method',
);

const Action = v.variant(
  'type',
  [
    v.strictObject({
      type: described(v.literal('send'), 'Sends a message of the kind, once or in a burst.'),
      message: described(name, 'The name of the message.'),
      count: v.optional(described(whole(1, 10_000), 'How many times. Default: 1.')),
      periodMs: v.optional(described(whole(10, DAY_MS), 'The interval. Default: all at once.')),
    }),
    v.strictObject({
      type: described(v.literal('report'), 'Reports properties.'),
      properties: described(object, 'A patch of the reported properties, with generators.'),
    }),
    v.strictObject({
      type: described(v.literal('set'), 'Sets values of the device.'),
      values: described(object, 'The values by name, with generators.'),
    }),
    v.strictObject({
      type: described(v.literal('offline'), 'Disconnects; nothing is sent in the meantime.'),
      forMs: v.optional(described(duration, 'How long. Default: until an action "online".')),
    }),
    v.strictObject({ type: described(v.literal('online'), 'Reconnects after "offline".') }),
    v.strictObject({
      type: described(v.literal('pause'), 'Stops periodic messages for a time.'),
      forMs: duration,
    }),
    v.strictObject({
      type: described(v.literal('upload'), 'Uploads a file.'),
      name: described(
        v.pipe(template, v.nonEmpty('is empty'), v.maxLength(512, 'is longer than 512 characters')),
        'The name of the blob, with generators.',
      ),
      bytes: described(whole(0, MAX_BYTES), 'The size of the file.'),
    }),
  ],
  'is none of send, report, set, offline, online, pause and upload',
);

const Event = v.strictObject({
  name: described(name, 'Identifies the event within its kind.'),
  trigger: Trigger,
  actions: v.pipe(v.array(Action), v.minLength(1, 'is empty')),
});

export const Events = described(
  v.pipe(v.array(Event), v.check(uniqueNames, 'has a name twice')),
  'Events: failures, alarms, times without a connection, uploads.',
);

const cell = v.union(
  [v.number(), v.boolean(), text, v.null()],
  'is not a number, boolean, text or null',
);

export const Columns = described(
  record(v.pipe(v.array(cell), v.minLength(1, 'is empty'))),
  'Columns of data by name, for the generator replay.',
);
