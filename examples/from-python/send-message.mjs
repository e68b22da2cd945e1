// In Python: send_message.py, simple_send_message.py, send_message_over_websockets.py
import { IoTHubDeviceClient, Message } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

/** @param {number} number */
async function sendTestMessage(number) {
  const message = new Message({ windSpeed: 10 + number }, { messageId: crypto.randomUUID() });
  message.correlationId = 'storm-7';
  message.customProperties.warning = 'gusts';
  await client.sendMessage(message);
  console.log(`sent message #${number}`);
}

await Promise.all([1, 2, 3, 4, 5].map(sendTestMessage));
await client.shutdown();
