/** Records of the client's `trace` in words: for readers, and to search in. */

/**
 * The topics of IoT Hub and its provisioning service, in words. The last group is a property bag.
 */
const TOPICS = [
  [/^devices\/.+?\/messages\/events\/(?<bag>.*)/, 'telemetry'],
  [/^devices\/.+?\/messages\/devicebound\/(?<bag>.*)/, 'cloud-to-device message'],
  [/^devices\/.+?\/inputs\/(?<input>[^/]*)\/(?<bag>.*)/, 'message to an input'],
  [/^\$iothub\/twin\/GET\/(?<bag>.*)/, 'requests the twin'],
  [/^\$iothub\/twin\/PATCH\/properties\/reported\/(?<bag>.*)/, 'reports properties'],
  [/^\$iothub\/twin\/PATCH\/properties\/desired\/(?<bag>.*)/, 'desired properties have changed'],
  [/^\$iothub\/twin\/res\/(?<status>\d+)\/(?<bag>.*)/, 'response to a twin request'],
  [/^\$iothub\/methods\/POST\/(?<method>[^/]+)\/(?<bag>.*)/, 'calls a method'],
  [/^\$iothub\/methods\/res\/(?<status>\d+)\/(?<bag>.*)/, 'responds to the method'],
  [/^\$dps\/registrations\/PUT\/[^/]+\/(?<bag>.*)/, 'registers the device'],
  [/^\$dps\/registrations\/GET\/[^/]+\/(?<bag>.*)/, 'asks for the state of the registration'],
  [/^\$dps\/registrations\/res\/(?<status>\d+)\/(?<bag>.*)/, 'response to the registration'],
];

const MEANINGS = {
  CONNECT: 'logs in',
  SUBSCRIBE: 'subscribes',
  SUBACK: 'accepts the subscription',
  UNSUBSCRIBE: 'unsubscribes',
  UNSUBACK: 'accepts the unsubscription',
  PUBACK: 'acknowledges',
  PINGREQ: 'pings',
  PINGRESP: 'responds to the ping',
  DISCONNECT: 'disconnects',
};

/**
 * A record in words.
 * @returns {{direction: 'sent' | 'received' | 'socket', name: string, about: string, topic?: string,
 *   chips: Array<{name: string, value: string | null, isSystem: boolean}>}} `chips` are the parts of
 *   the topic
 */
export function wordsOf(record) {
  return record.packet === undefined ? stateWords(record) : packetWords(record);
}

function stateWords({ state, http, url, code, reason, status, seconds, error }) {
  const parts = [
    url,
    code === undefined ? undefined : `code ${code}`,
    reason,
    status === undefined ? undefined : `status ${status}`,
    seconds === undefined ? undefined : `${seconds} s`,
    error,
  ];
  return { direction: 'socket', name: state ?? http ?? 'error', about: joined(parts), chips: [] };
}

function packetWords({ direction, packet, topic, filter, packetId, qos, dup, returnCode }) {
  const known = topic === undefined ? undefined : readTopic(topic);
  const about = joined([
    known?.meaning ?? MEANINGS[packet],
    returnCode === undefined ? undefined : returnCodeText(returnCode),
    dup ? 'again (DUP)' : undefined,
    qos === 0 ? 'QoS 0' : undefined,
    packetId === undefined ? undefined : `#${packetId}`,
  ]);
  return {
    direction,
    name: packet,
    about,
    topic: topic ?? filter,
    chips: known?.chips ?? [],
  };
}

const joined = (parts) => parts.filter((part) => part !== undefined).join(' · ');

const returnCodeText = (code) => (code === 0 ? 'accepted' : `refused with code ${code}`);

/** The meaning and contents of a topic; `undefined` for one that IoT Hub does not have. */
function readTopic(topic) {
  for (const [pattern, meaning] of TOPICS) {
    const groups = pattern.exec(topic)?.groups;
    if (!groups) continue;
    const { bag, ...parts } = groups;
    const named = Object.entries(parts).map(([name, text]) => chip(name, text));
    return { meaning, chips: [...named, ...readBag(bag)] };
  }
  return undefined;
}

/** `$.ct=application%2Fjson&room=1`, after a question mark or before a slash. */
function readBag(text) {
  const pairs = text.replace(/^\?|\/$/g, '').split('&');
  return pairs.filter(Boolean).map((pair) => {
    const [name, value = null] = pair.split(/=(.*)/s);
    return chip(name, value);
  });
}

function chip(name, value) {
  const plain = decoded(name);
  const short = plain.replace(/^\$\.?/, '');
  return { name: short, value: value && decoded(value), isSystem: short !== plain };
}

/** Invalid percent-encoding stays unchanged. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const OTHER = { sent: 'received', received: 'sent' };

const ANSWERS = {
  PUBLISH: 'PUBACK',
  SUBSCRIBE: 'SUBACK',
  UNSUBSCRIBE: 'UNSUBACK',
  CONNECT: 'CONNACK',
  PINGREQ: 'PINGRESP',
};

/** The keys of the responses to a packet: its acknowledgement, and the response with its `$rid`. */
export function keysOfAnswers({ direction, packet, packetId, qos, topic = '' }) {
  const other = OTHER[direction];
  const keys = [];
  if (ANSWERS[packet] && qos !== 0) keys.push([other, ANSWERS[packet], packetId].join());
  const rid = ridOf(topic);
  if (rid && !isAnswer(topic)) keys.push([other, 'rid', rid].join());
  return keys;
}

/** The key of a packet that is a response. */
export function keyOfAnswer({ direction, packet, packetId, topic = '' }) {
  if (Object.values(ANSWERS).includes(packet)) return [direction, packet, packetId].join();
  return isAnswer(topic) ? [direction, 'rid', ridOf(topic)].join() : undefined;
}

const ridOf = (topic) => /[?&]\$rid=([^&]*)/.exec(topic)?.[1];

const isAnswer = (topic) => /^\$(iothub\/\w+|dps\/registrations)\/res\//.test(topic);
