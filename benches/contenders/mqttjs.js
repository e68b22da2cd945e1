/** MQTT.js. */
import mqtt from 'mqtt';
import { messageFilter, telemetry } from './contender.js';

/** @type {import('./contender.js').open} */
export async function open({ deviceId, endpoint, username, password }, onMessage) {
  const client = await mqtt.connectAsync(endpoint, {
    clientId: deviceId,
    username,
    password,
    protocolVersion: 4,
    wsOptions: { perMessageDeflate: false },
  });
  if (onMessage) {
    client.on('message', onMessage);
    await client.subscribeAsync(messageFilter(deviceId), { qos: 1 });
  }
  return {
    send(data, properties) {
      const { topic, payload } = telemetry(deviceId, data, properties);
      return client.publishAsync(topic, payload, { qos: 1 });
    },
    close: () => client.endAsync(),
  };
}
