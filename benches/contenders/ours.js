/** This package, as a user would use it. */
import { IoTHubDeviceClient, Message } from 'iothub-device-client';

/** @type {import('./contender.js').open} */
export async function open({ connectionString, endpoint }, onMessage) {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  if (onMessage) client.onMessageReceived = onMessage;
  await client.connect();
  return {
    send(payload, properties) {
      const message = new Message(payload);
      if (properties) Object.assign(message.customProperties, properties);
      return client.sendMessage(message);
    },
    twin: () => client.getTwin(),
    close: () => client.shutdown(),
  };
}
