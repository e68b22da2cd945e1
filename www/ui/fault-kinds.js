/**
 * The faults of the local hub: what each does, and its values. Their names are those of the hub; see
 * hub/README.md.
 *
 * @typedef {object} Fault
 * @property {string} name the member of the hub's faults; for one that is not on for a while, of the
 *   request
 * @property {string} label
 * @property {string} about
 * @property {Field[]} fields
 * @property {(values: Record<string, any>) => object} toRequest
 * @property {string} [unit] of its value, in words
 * @property {boolean} [isOnce] happens once, on the current connection
 * @property {boolean} [isOfHub] for every device, before the hub knows which one connects
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {Array<[any, string]>} [choices] values and their words
 * @property {number} [min] of a number, with `max`
 * @property {number} [max]
 * @property {any} value to begin with
 * @property {boolean} [isOptional] of a text
 */

const choice = (name, label, values) => {
  const choices = values
    .map((value) => [value].flat())
    .map(([value, text = value]) => [value, text]);
  return { name, label, choices, value: choices[0][0] };
};
const number = (name, label, value, min, max) => ({ name, label, value, min, max });

const ANSWERS = ['puback', 'twin', 'connack', 'suback', 'unsuback', 'pingresp'];
const REQUESTS = ['connect', 'publish', 'subscribe', 'unsubscribe', 'pingreq', 'disconnect'];

const ofAnswer = choice('of', 'Response', ANSWERS);
const status = number('status', 'Status', 503, 200, 599);

const CODES = [
  [1, '1, protocol version'],
  [2, '2, identifier rejected'],
  [3, '3, server unavailable'],
  [4, '4, bad user name or password'],
  [5, '5, not authorized'],
];
const code = { ...choice('code', 'Return code', CODES), value: 3 };

const only = (name) => (values) => ({ [name]: values.value });

/** @type {Fault[]} */
export const DEVICE_FAULTS = [
  {
    name: 'delay',
    label: 'Delay responses',
    about: 'The hub acts immediately, but responds late.',
    fields: [ofAnswer, number('milliseconds', 'Delay, in milliseconds', 2000, 0, 600_000)],
    unit: 'ms',
    toRequest: ({ of, milliseconds }) => ({ delay: { [of]: milliseconds } }),
  },
  {
    name: 'withhold',
    label: 'Withhold responses',
    about: 'The hub acts on requests, but never responds.',
    fields: [ofAnswer],
    toRequest: ({ of }) => ({ withhold: [of] }),
  },
  {
    name: 'dropAt',
    label: 'Drop the connection at a packet',
    about: 'Once: before the hub acts on a request, or instead of a response.',
    fields: [
      choice('step', 'Packet', [
        'publish',
        ...REQUESTS.filter((name) => name !== 'publish'),
        ...ANSWERS,
      ]),
      number('count', 'At which one, counted from 1', 1, 1, 1_000_000),
      choice('how', 'How', [
        ['close', 'WebSocket close'],
        ['reset', 'TCP reset'],
      ]),
    ],
    toRequest: (dropAt) => ({ dropAt }),
  },
  {
    name: 'connack',
    label: 'Refuse connections',
    about: 'The hub refuses every CONNECT with this code.',
    fields: [code],
    toRequest: ({ code }) => ({ connack: code }),
  },
  {
    name: 'rate',
    label: 'Throttle',
    about: 'Above this rate, telemetry closes the connection and twin requests get 429.',
    fields: [
      choice('of', 'What', ['telemetry', 'twin']),
      number('perSecond', 'At most, per second', 1, 0, 1_000_000),
    ],
    unit: 'per second',
    toRequest: ({ of, perSecond }) => ({ rate: { [of]: perSecond } }),
  },
  {
    name: 'quota',
    label: 'Use up the daily quota',
    about: 'This many messages remain; further ones are neither stored nor acknowledged.',
    fields: [number('value', 'Messages that remain', 0, 0, 1_000_000)],
    unit: 'left',
    toRequest: only('quota'),
  },
  {
    name: 'duplicate',
    label: 'Deliver twice',
    about: 'The hub sends messages to the device twice, the second time with DUP.',
    fields: [],
    toRequest: () => ({ duplicate: true }),
  },
  {
    name: 'twinAnswer',
    label: 'Fail twin requests',
    about: 'The hub responds with this status, and does not act on the requests.',
    fields: [
      { ...status, value: 500, min: 100, max: 999 },
      { name: 'body', label: 'Body, if any', value: '', isOptional: true },
    ],
    toRequest: ({ status, body }) => ({ twinStatus: status, ...(body && { body }) }),
  },
  {
    name: 'methodStatus',
    label: 'Fail method calls',
    about: 'Back ends get this status, and the device gets no request.',
    fields: [status],
    toRequest: ({ status }) => ({ methodStatus: status }),
  },
  {
    name: 'filesStatus',
    label: 'Fail file uploads',
    about: 'The hub responds to uploads and notifications with this status.',
    fields: [status],
    toRequest: ({ status }) => ({ filesStatus: status }),
  },
  {
    name: 'noStorage',
    label: 'Remove the storage account',
    about: 'The hub has no storage account for file uploads.',
    fields: [],
    toRequest: () => ({ noStorage: true }),
  },
  {
    name: 'clock',
    label: 'Set the clock of the hub',
    about: 'For tokens and certificates: if one has expired by this clock, the connection ends.',
    fields: [
      number('value', 'Seconds ahead; negative: behind', 7200, -1_000_000_000, 1_000_000_000),
    ],
    unit: 's',
    toRequest: only('clock'),
  },
  {
    name: 'frameSize',
    label: 'Split packets into small frames',
    about: 'The hub sends WebSocket frames of at most this size.',
    fields: [number('value', 'Bytes', 1, 1, 1_000_000)],
    unit: 'bytes',
    toRequest: only('frameSize'),
  },
  {
    name: 'mergeFor',
    label: 'Merge packets into one frame',
    about: 'The hub collects packets to the device for this time.',
    fields: [number('value', 'Time, in milliseconds', 500, 1, 60_000)],
    unit: 'ms',
    toRequest: only('mergeFor'),
  },
  {
    name: 'halfOpen',
    label: 'Go silent on an open connection',
    about: 'The hub neither reads nor sends on this connection: the device must notice.',
    fields: [],
    isOnce: true,
    toRequest: () => ({ halfOpen: true }),
  },
  {
    name: 'redeliver',
    label: 'Resend a message',
    about: 'The hub resends a cloud-to-device message on this connection, with DUP.',
    fields: [
      {
        name: 'messageId',
        label: 'Message id; empty: the last one',
        value: '',
        isOptional: true,
      },
    ],
    isOnce: true,
    toRequest: ({ messageId }) => ({ redeliver: messageId ? { messageId } : {} }),
  },
  {
    name: 'send',
    label: 'Send bytes',
    about: 'The device gets these bytes in one frame, valid MQTT or not.',
    fields: [{ name: 'value', label: 'Hexadecimal', value: 'f000' }],
    isOnce: true,
    toRequest: only('send'),
  },
  {
    name: 'sendText',
    label: 'Send a text frame',
    about: 'MQTT allows only binary frames.',
    fields: [{ name: 'value', label: 'Text', value: 'hello' }],
    isOnce: true,
    toRequest: only('sendText'),
  },
];

/** @type {Fault[]} */
export const HUB_FAULTS = [
  {
    name: 'refuseUpgrade',
    label: 'Refuse every WebSocket',
    about: 'No device can connect; connected devices stay connected.',
    fields: [
      choice('value', 'How', [
        [true, 'with status 503'],
        ['reset', 'with a TCP reset'],
      ]),
    ],
    isOfHub: true,
    toRequest: only('refuseUpgrade'),
  },
  {
    name: 'connack',
    label: 'Refuse every CONNECT',
    about: 'No device can log in; connected devices stay connected.',
    fields: [code],
    isOfHub: true,
    toRequest: ({ code }) => ({ connack: code }),
  },
];

/** A fault of a device that is on, in words: "Delay responses: puback 2000 ms". */
export function inWords(name, value) {
  const { label, unit = '' } = DEVICE_FAULTS.find((fault) => fault.name === name);
  if (value === true) return label;
  const text = JSON.stringify(value).replaceAll(/["{}[\]]/g, '');
  return `${label}: ${text.replaceAll(':', ' ').replaceAll(',', ', ')} ${unit}`.trimEnd();
}
