/** Records of the client's `trace` in words. */
import { size } from './format.js';

const TOPICS = [
  [/^devices\/[^/]+(\/modules\/[^/]+)?\/messages\/events\//, 'telemetry'],
  [/^devices\/[^/]+\/messages\/devicebound\//, 'cloud-to-device message'],
  [/\/inputs\//, 'message to an input'],
  [/^\$iothub\/twin\/GET\//, 'asks for the twin'],
  [/^\$iothub\/twin\/PATCH\/properties\/reported\//, 'reports properties'],
  [/^\$iothub\/twin\/PATCH\/properties\/desired\//, 'desired properties have changed'],
  [/^\$iothub\/twin\/res\/(\d+)\//, 'answer about the twin'],
  [/^\$iothub\/methods\/POST\/([^/]+)\//, 'invokes a method'],
  [/^\$iothub\/methods\/res\//, 'answers the method'],
];

const MEANINGS = {
  CONNECT: 'logs in',
  SUBSCRIBE: 'subscribes',
  SUBACK: 'is subscribed',
  UNSUBSCRIBE: 'unsubscribes',
  UNSUBACK: 'is unsubscribed',
  PUBACK: 'acknowledges',
  PINGREQ: 'is there anybody?',
  PINGRESP: 'yes',
  DISCONNECT: 'leaves',
};

/** A record as a line: its parts, and all its words in small letters to search in. */
export function lineOf(record) {
  const line = record.packet === undefined ? otherLine(record) : packetLine(record);
  const { sequence, time, id } = record;
  const words = [id, line.name, line.about, line.topic].join(' ').toLowerCase();
  return { sequence, time, id, words, ...line };
}

function otherLine({ state, http, url, code, reason, status, seconds, error }) {
  const parts = [
    url,
    code === undefined ? undefined : `code ${code}`,
    reason,
    status === undefined ? undefined : `status ${status}`,
    seconds === undefined ? undefined : `${seconds} s`,
    error,
  ];
  const about = parts.filter((part) => part !== undefined).join(' · ');
  return { direction: 'socket', name: state ?? http ?? 'error', about };
}

function packetLine({
  direction,
  packet,
  size: bytes,
  packetId,
  topic,
  qos,
  dup,
  filter,
  returnCode,
}) {
  const parts = [
    topic === undefined ? MEANINGS[packet] : meaningOf(topic),
    returnCode === undefined ? undefined : returnCodeText(returnCode),
    packetId === undefined ? undefined : `#${packetId}`,
    qos === undefined ? undefined : `QoS ${qos}`,
    dup ? 'again (DUP)' : undefined,
    size(bytes),
  ];
  const about = parts.filter((part) => part !== undefined).join(' · ');
  return { direction, name: packet, about, topic: topic ?? filter };
}

const meaningOf = (topic) => TOPICS.find(([pattern]) => pattern.test(topic))?.[1];

const returnCodeText = (code) => (code === 0 ? 'accepted' : `refused with code ${code}`);
