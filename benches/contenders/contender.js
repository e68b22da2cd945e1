/**
 * What contenders that know MQTT but no IoT Hub write by hand, and the interface of them all.
 *
 * @typedef {object} Device
 * @property {string} deviceId
 * @property {string} endpoint URL of the server's WebSocket
 * @property {string} connectionString
 * @property {string} username of CONNECT
 * @property {string} password of CONNECT: a SAS token
 *
 * @typedef {object} Client
 * @property {(payload: Payload, properties?: Record<string, string>) => Promise<unknown>} send
 *   resolves with the PUBACK
 * @property {(load: Load) => Promise<number>} [keepInFlight] in place of `send`, without a Promise
 *   for each message; gives their number
 * @property {() => Promise<unknown>} [twin] asks for the twin
 * @property {() => unknown} close
 *
 * @typedef {string | object} Payload what is no text is to be sent as JSON, and said to be that
 *
 * @typedef {object} Load
 * @property {Payload} payload
 * @property {Record<string, string>} [properties]
 * @property {number} inFlight how many messages are unacknowledged at any time
 * @property {() => boolean} isOver
 *
 * @callback open gives a client that is connected, and where there is `onMessage` subscribed to
 *   cloud-to-device messages with QoS 1
 * @param {Device} device
 * @param {() => void} [onMessage]
 * @returns {Promise<Client>}
 */

export const CONTENT_TYPE = 'application/json';
export const CONTENT_ENCODING = 'utf-8';

/** What is published as telemetry: its topic, with the properties as property bag, and its text. */
export function telemetry(deviceId, payload, properties) {
  if (typeof payload === 'string') return { topic: telemetryTopic(deviceId, properties), payload };
  const all = { '$.ct': CONTENT_TYPE, '$.ce': CONTENT_ENCODING, ...properties };
  return { topic: telemetryTopic(deviceId, all), payload: JSON.stringify(payload) };
}

function telemetryTopic(deviceId, properties) {
  const topic = `devices/${deviceId}/messages/events/`;
  if (!properties) return topic;
  const encoded = Object.entries(properties).map((pair) => pair.map(encodeURIComponent).join('='));
  return topic + encoded.join('&');
}

/** The filter of cloud-to-device messages. */
export const messageFilter = (deviceId) => `devices/${deviceId}/messages/devicebound/#`;
