/** The few MQTT 3.1.1 packets that the floor and the sender of messages encode themselves. */
const encoder = new TextEncoder();

const CONNECT = 0x10;
const PUBLISH_QOS_1 = 0x32;
const SUBSCRIBE = 0x82;
const CLEAN_SESSION = 0x02;
const USERNAME_AND_PASSWORD = 0xc0;
const KEEP_ALIVE_SECONDS = 60;

export function connectPacket({ deviceId, username, password }) {
  const flags = CLEAN_SESSION | (username === undefined ? 0 : USERNAME_AND_PASSWORD);
  return packet(CONNECT, [
    ...text('MQTT'),
    4,
    flags,
    ...uint16(KEEP_ALIVE_SECONDS),
    ...[deviceId, username, password].filter((part) => part !== undefined).flatMap(text),
  ]);
}

export function publishPacket(packetId, topic, payload) {
  return packet(PUBLISH_QOS_1, [...text(topic), ...uint16(packetId), ...encoder.encode(payload)]);
}

export function subscribePacket(packetId, filter) {
  return packet(SUBSCRIBE, [...uint16(packetId), ...text(filter), 1]);
}

function packet(first, body) {
  return Uint8Array.from([first, ...remainingLength(body.length), ...body]);
}

function remainingLength(length) {
  return length < 128 ? [length] : [(length % 128) | 128, ...remainingLength(length >> 7)];
}

function text(value) {
  const bytes = encoder.encode(value);
  return [...uint16(bytes.length), ...bytes];
}

function uint16(value) {
  return [value >> 8, value & 255];
}
