/**
 * What MQTT clients without support for IoT Hub need, and the interface of all contenders.
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
 * @property {(load: Load) => Promise<number>} [keepInFlight] used instead of `send`, without a
 *   Promise for each message; resolves with their number
 * @property {() => Promise<unknown>} [twin] gets the twin
 * @property {() => unknown} close
 *
 * @typedef {string | object} Payload anything but text must be sent as JSON, with its content type
 *
 * @typedef {object} Load
 * @property {Payload} payload
 * @property {Record<string, string>} [properties]
 * @property {number} inFlight how many messages are unacknowledged at any time
 * @property {() => boolean} isOver
 *
 * @callback open resolves with a connected client; with `onMessage`, it has subscribed to
 *   cloud-to-device messages at QoS 1
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
