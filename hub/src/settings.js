import { HubError } from './errors.js';

const oneOf = (...values) => ({
  default: values[0],
  schema: { enum: values },
  text: values.map((value) => JSON.stringify(value)).join(' or '),
});

const flag = (byDefault) => oneOf(byDefault, !byDefault);

const between = (byDefault, least, most) => ({
  default: byDefault,
  schema: { type: 'integer', minimum: least, maximum: most },
  text: `an integer from ${least} to ${most}`,
});

/**
 * What a hub can be set to: limits that a real hub lets its owner choose, and behaviour about which
 * the sources disagree. The default is what is documented.
 */
const SETTINGS = {
  /** Whether SAS tokens signed with the key of a device are refused. */
  disableDeviceSAS: flag(false),
  /** Whether SAS tokens signed with the key of a module are refused. */
  disableModuleSAS: flag(false),
  /** Whether SAS tokens of shared access policies are refused. */
  disableLocalAuth: flag(false),
  /** For how many seconds a token is let in after its expiry, as clocks differ. */
  clockSkew: between(300, 0, 3600),
  /** How many seconds after the expiry of its token a connection is closed. */
  tokenGrace: between(0, 0, 3600),
  /** The return code of CONNACK for a disabled device. */
  disabledConnack: oneOf(5, 3),
  /** Whether WebSocket upgrades of browsers, which send Origin, are accepted. */
  acceptBrowsers: flag(true),
  /** After how many seconds of silence a connection ends, whatever its keep alive. */
  maxSilence: between(1767, 1, 3600),
  /** What happens at a SUBSCRIBE to a filter that the hub does not have. */
  unknownFilter: oneOf('close', 'grant'),
  /** How many subscriptions an identity has at most; one more closes the connection. */
  maxSubscriptions: between(5, 1, 50),
  /** The highest QoS of direct method requests. */
  methodQos: oneOf(0, 1),
  /** The highest QoS of twin answers and desired properties. */
  twinQos: oneOf(1, 0),
  /** What a plus sign in the properties of a telemetry topic does, which MQTT does not allow. */
  plusInProperties: oneOf('close', 'plus', 'space'),
  /** What a telemetry property with an empty value, `key=`, has. */
  emptyProperty: oneOf('empty', 'null'),
  /** What happens at telemetry that has `$.exp`. */
  expiryInTelemetry: oneOf('accept', 'close'),
  /** How many seconds a cloud-to-device message is kept that does not say when it expires. */
  messageTtl: between(3600, 60, 172_800),
  /** How many seconds a device has to acknowledge a message before it gets it again. */
  messageLock: between(60, 1, 300),
  /** After how many deliveries that failed a message is given up. */
  maxDeliveryCount: between(10, 1, 100),
  /** Whether a delivery that was not acknowledged in time counts; one that was cut off does. */
  lockExpiryCounts: flag(false),
  /** Whether a CONNECT with clean session 1 removes the messages that are queued. */
  purgeOnCleanSession: flag(true),
  /** What becomes of a message to a device that has not subscribed to messages yet. */
  unsubscribedMessages: oneOf('queue', 'reject'),
  /** The error code of a direct method to a device that is not there. */
  deviceNotOnlineCode: oneOf(404103, 404102),
  /** After how many seconds a client that registers is told to ask again. */
  registrationRetryAfter: between(1, 0, 3600),
  /** Where a client that registers learns that its credentials are wrong. */
  wrongKeyAtProvisioning: oneOf('answer', 'connack'),
};

/**
 * @typedef {{disableDeviceSAS: boolean, disableModuleSAS: boolean, disableLocalAuth: boolean,
 *            clockSkew: number, tokenGrace: number, disabledConnack: 5 | 3,
 *            acceptBrowsers: boolean, maxSilence: number, unknownFilter: 'close' | 'grant',
 *            maxSubscriptions: number, methodQos: 0 | 1, twinQos: 0 | 1,
 *            plusInProperties: 'close' | 'plus' | 'space', emptyProperty: 'empty' | 'null',
 *            expiryInTelemetry: 'accept' | 'close', messageTtl: number, messageLock: number,
 *            maxDeliveryCount: number, lockExpiryCounts: boolean, purgeOnCleanSession: boolean,
 *            unsubscribedMessages: 'queue' | 'reject',
 *            deviceNotOnlineCode: 404103 | 404102, registrationRetryAfter: number,
 *            wrongKeyAtProvisioning: 'answer' | 'connack'}} Settings
 */

/** @returns {Settings} the defaults, with `changes` in them */
export function createSettings(changes = {}) {
  const defaults = Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default]);
  const settings = Object.fromEntries(defaults);
  changeSettings(settings, changes);
  return settings;
}

/**
 * Changes all of them, or throws a HubError and changes none.
 * @param {Settings} settings
 * @param {Partial<Settings>} changes
 */
export function changeSettings(settings, changes) {
  for (const [name, value] of Object.entries(changes)) check(name, value);
  Object.assign(settings, changes);
}

function check(name, value) {
  if (!Object.hasOwn(SETTINGS, name)) {
    const names = Object.keys(SETTINGS).join(', ');
    throw new HubError('ArgumentInvalid', `There is no setting "${name}", there are ${names}.`);
  }
  const { schema, text } = SETTINGS[name];
  const isAllowed = schema.enum
    ? schema.enum.includes(value)
    : Number.isInteger(value) && value >= schema.minimum && value <= schema.maximum;
  if (!isAllowed) throw new HubError('ArgumentInvalid', `The setting ${name} has to be ${text}.`);
}

/**
 * The endpoint by which settings are read and changed while the hub runs.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addSettingsApi(app, { settings }) {
  const response = { 200: { type: 'object' } };
  const read = { summary: 'Gives the settings', response };
  app.get('/local/hub/settings', { schema: read }, () => settings);

  const change = {
    summary: 'Changes some settings, gives all',
    body: { type: 'object' },
    response,
  };
  app.patch('/local/hub/settings', { schema: change }, ({ body }) => {
    changeSettings(settings, body);
    return settings;
  });
}
