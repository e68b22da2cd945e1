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
 * The settings of a hub: limits that the owner of a real hub can choose, and behaviour on which
 * sources disagree. Defaults follow the documentation.
 */
const SETTINGS = {
  /** Whether SAS tokens signed with the key of a device are refused. */
  disableDeviceSAS: flag(false),
  /** Whether SAS tokens signed with the key of a module are refused. */
  disableModuleSAS: flag(false),
  /** Whether SAS tokens of shared access policies are refused. */
  disableLocalAuth: flag(false),
  /** For how many seconds after its expiry a token is accepted, because clocks differ. */
  clockSkew: between(300, 0, 3600),
  /** How many seconds after the expiry of its token the hub closes a connection. */
  tokenGrace: between(0, 0, 3600),
  /** The return code of CONNACK for a disabled device. */
  disabledConnack: oneOf(5, 3),
  /** Whether WebSocket upgrades of browsers, which send Origin, are accepted. */
  acceptBrowsers: flag(true),
  /** After how many seconds of silence a connection ends, whatever its keep alive. */
  maxSilence: between(1767, 1, 3600),
  /** What happens on a SUBSCRIBE to a filter that the hub does not have. */
  unknownFilter: oneOf('close', 'grant'),
  /** The maximum number of subscriptions of an identity; one more closes the connection. */
  maxSubscriptions: between(5, 1, 50),
  /** The highest QoS of direct method requests. */
  methodQos: oneOf(0, 1),
  /** The highest QoS of twin responses and desired properties. */
  twinQos: oneOf(1, 0),
  /**
   * What happens on a plus sign in the properties of a telemetry topic, which MQTT does not allow.
   */
  plusInProperties: oneOf('close', 'plus', 'space'),
  /** How an empty value in a telemetry property, `key=`, is read. */
  emptyProperty: oneOf('empty', 'null'),
  /** What happens on telemetry with `$.exp`. */
  expiryInTelemetry: oneOf('accept', 'close'),
  /** For how many seconds a cloud-to-device message without an expiry is kept. */
  messageTtl: between(3600, 60, 172_800),
  /** How many seconds a device has to acknowledge a message before the hub resends it. */
  messageLock: between(60, 1, 300),
  /** After how many failed deliveries the hub gives up a message. */
  maxDeliveryCount: between(10, 1, 100),
  /**
   * Whether a delivery that was not acknowledged in time counts as failed; one whose connection was
   * lost always does.
   */
  lockExpiryCounts: flag(false),
  /** Whether a CONNECT with clean session 1 removes the queued messages. */
  purgeOnCleanSession: flag(true),
  /** What happens to a message to a device that has not subscribed to messages yet. */
  unsubscribedMessages: oneOf('queue', 'reject'),
  /** The error code of a direct method to a device that is not connected. */
  deviceNotOnlineCode: oneOf(404103, 404102),
  /** After how many seconds a client that registers is asked to retry. */
  registrationRetryAfter: between(1, 0, 3600),
  /** Whether CONNACK or the response to the registration reports wrong credentials. */
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

/** @returns {Settings} the defaults with `changes` applied */
export function createSettings(changes = {}) {
  const defaults = Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default]);
  const settings = Object.fromEntries(defaults);
  changeSettings(settings, changes);
  return settings;
}

/**
 * Applies all changes, or throws a HubError and applies none.
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
    throw new HubError(
      'ArgumentInvalid',
      `There is no setting "${name}". The settings are ${names}.`,
    );
  }
  const { schema, text } = SETTINGS[name];
  const isAllowed = schema.enum
    ? schema.enum.includes(value)
    : Number.isInteger(value) && value >= schema.minimum && value <= schema.maximum;
  if (!isAllowed) throw new HubError('ArgumentInvalid', `The setting ${name} must be ${text}.`);
}

/**
 * The endpoint for reading and changing settings while the hub runs.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addSettingsApi(app, { settings }) {
  const response = { 200: { type: 'object' } };
  const read = { summary: 'Returns the settings', response };
  app.get('/local/hub/settings', { schema: read }, () => settings);

  const change = {
    summary: 'Changes some settings, returns all',
    body: { type: 'object' },
    response,
  };
  app.patch('/local/hub/settings', { schema: change }, ({ body }) => {
    changeSettings(settings, body);
    return settings;
  });
}
