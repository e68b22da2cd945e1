/** What a device or module can subscribe to. */
export const Subscription = Object.freeze({
  MESSAGES: 'messages',
  METHODS: 'methods',
  TWIN_ANSWERS: 'twin answers',
  DESIRED: 'desired properties',
});

const SHARED_FILTERS = new Map([
  ['$iothub/methods/POST/#', Subscription.METHODS],
  ['$iothub/twin/res/#', Subscription.TWIN_ANSWERS],
  ['$iothub/twin/PATCH/properties/desired/#', Subscription.DESIRED],
]);

/**
 * What a topic filter subscribes to. Only the documented filters exist.
 * @param {string} filter
 * @param {import('./identity.js').Identity} identity
 * @returns {string | undefined} one of `Subscription`
 */
export function subscriptionOf(filter, { path, moduleId }) {
  const messages =
    moduleId === undefined
      ? [`${path.join('/')}/messages/devicebound/#`, 'devices/+/messages/devicebound/#']
      : [`${path.join('/')}/inputs/#`, `${path.join('/')}/#`];
  return messages.includes(filter) ? Subscription.MESSAGES : SHARED_FILTERS.get(filter);
}

/**
 * The highest QoS at which the hub publishes to such a subscription.
 * @param {string} kind one of `Subscription`
 * @param {import('./settings.js').Settings} settings
 */
export function highestQos(kind, { methodQos, twinQos }) {
  if (kind === Subscription.MESSAGES) return 1;
  return kind === Subscription.METHODS ? methodQos : twinQos;
}

/** @type {[pattern: RegExp, kind: string][]} */
const REQUESTS = [
  [/^\$iothub\/twin\/GET\/\?(.*)$/, 'twin-get'],
  [/^\$iothub\/twin\/PATCH\/properties\/reported\/\?(.*)$/, 'twin-patch'],
  [/^\$iothub\/methods\/res\/(-?\d+)\/\?(.*)$/, 'method-answer'],
];

/**
 * Returns what an identity's publish to the topic means.
 * @param {string} topic
 * @param {import('./identity.js').Identity} identity
 * @returns {{kind: 'telemetry', bag: string}
 *   | {kind: 'twin-get' | 'twin-patch', requestId: string, version?: number}
 *   | {kind: 'method-answer', requestId: string, status: number}
 *   | undefined} nothing for a topic that the hub does not have
 */
export function parseTopic(topic, { path }) {
  const events = `${path.join('/')}/messages/events`;
  if (topic === events) return { kind: 'telemetry', bag: '' };
  if (topic.startsWith(`${events}/`)) {
    return { kind: 'telemetry', bag: topic.slice(events.length + 1) };
  }
  for (const [pattern, kind] of REQUESTS) {
    const match = pattern.exec(topic);
    if (match) return parseRequest(kind, match);
  }
  return undefined;
}

function parseRequest(kind, match) {
  const query = new Map(
    match
      .at(-1)
      .split('&')
      .map((pair) => pair.split(/=(.*)/s)),
  );
  const requestId = query.get('$rid');
  if (!requestId) return undefined;
  if (kind === 'method-answer') return { kind, requestId, status: Number(match[1]) };
  const version = query.get('$version');
  return { kind, requestId, ...(version !== undefined && { version: Number(version) }) };
}
