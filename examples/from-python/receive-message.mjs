// In Python: receive_message.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

process.once('SIGINT', () => client.shutdown());
for await (const message of client.messages()) {
  console.log(message.text(), { ...message.customProperties }, message.contentType);
}
