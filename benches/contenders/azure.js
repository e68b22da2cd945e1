/** Microsoft's client, over WebSockets; installed in `tests/official`. */
import device from '../../tests/official/nodejs/node_modules/azure-iot-device/device.js';
import mqtt from '../../tests/official/nodejs/node_modules/azure-iot-device-mqtt/index.js';
import { CONTENT_ENCODING, CONTENT_TYPE } from './contender.js';

/** @type {import('./contender.js').open} */
export async function open({ connectionString, endpoint }, onMessage) {
  /** Overrides the address of the transport, which cannot be configured. */
  class LocalMqttWs extends mqtt.MqttWs {
    _getBaseTransportConfig(credentials) {
      return { ...super._getBaseTransportConfig(credentials), uri: endpoint };
    }
  }
  const client = device.Client.fromConnectionString(connectionString, LocalMqttWs);
  await client.open();
  if (onMessage) {
    client.on('message', (message) => {
      onMessage();
      client.complete(message);
    });
    // The client does not report the SUBACK, which arrives before this PUBACK.
    await client.sendEvent(new device.Message('subscribed'));
  }
  return {
    send(payload, properties = {}) {
      const isText = typeof payload === 'string';
      const message = new device.Message(isText ? payload : JSON.stringify(payload));
      if (!isText) {
        message.contentType = CONTENT_TYPE;
        message.contentEncoding = CONTENT_ENCODING;
      }
      for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
      return client.sendEvent(message);
    },
    twin: () => client.getTwin(),
    close: () => client.close(),
  };
}
