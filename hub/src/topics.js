/** What a device can subscribe to. */
export const Subscription = Object.freeze({
  MESSAGES: 'cloud-to-device messages',
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
 * What a topic filter subscribes to. The documented filters are all there are, and as they are
 * five, a sixth subscription is refused like any other unknown filter.
 * @returns {string | undefined} one of `Subscription`
 */
export function subscriptionOf(filter, deviceId) {
  const isMessages =
    filter === `devices/${deviceId}/messages/devicebound/#` ||
    filter === 'devices/+/messages/devicebound/#';
  return isMessages ? Subscription.MESSAGES : SHARED_FILTERS.get(filter);
}

const REQUESTS = [
  [/^\$iothub\/twin\/GET\/\?(.*)$/, 'twin-get'],
  [/^\$iothub\/twin\/PATCH\/properties\/reported\/\?(.*)$/, 'twin-patch'],
  [/^\$iothub\/methods\/res\/(-?\d+)\/\?(.*)$/, 'method-answer'],
];

/**
 * What a device's publish to the topic means.
 * @returns {{kind: 'telemetry', bag: string}
 *   | {kind: 'twin-get' | 'twin-patch', requestId: string, version?: number}
 *   | {kind: 'method-answer', requestId: string, status: number}
 *   | undefined} nothing for a topic that the hub does not have
 */
export function parseTopic(topic, deviceId) {
  const events = `devices/${deviceId}/messages/events`;
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
  const query = new Map(match.at(-1).split('&').map((pair) => pair.split(/=(.*)/s)));
  const requestId = query.get('$rid');
  if (!requestId) return undefined;
  if (kind === 'method-answer') return { kind, requestId, status: Number(match[1]) };
  const version = query.get('$version');
  return { kind, requestId, ...(version !== undefined && { version: Number(version) }) };
}
