// Handmade packets, as hex, to make a hub send what it normally would not.

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** PUBLISH at QoS 0, of less than 16 KB. */
export function publish(topic, payload) {
  const [name, body] = [topic, payload].map((text) => new TextEncoder().encode(text));
  const length = 2 + name.length + body.length;
  const lengthBytes = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return hex([0x30, ...lengthBytes, name.length >> 8, name.length & 255, ...name, ...body]);
}

/** Not an MQTT packet: type 0 is reserved. */
export const MALFORMED = '0000';
