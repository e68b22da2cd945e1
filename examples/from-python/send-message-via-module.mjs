// In Python: send_message_via_module_x509.py, here with the key of the module
import { IoTHubDeviceClient, Message } from 'iothub-device-client';

const { IOTHUB_MODULE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_MODULE_CONNECTION_STRING);

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
