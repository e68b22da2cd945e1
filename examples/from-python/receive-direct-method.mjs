// In Python: receive_direct_method.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

const results = { measure: 21.5, greet: 'hello' };

client.onMethodRequestReceived = ({ name }) => {
  console.log('method:', name);
  if (name in results) return { status: 200, payload: results[name] };
  return { status: 404, payload: `no method ${name}` };
};
await client.connect();
process.once('SIGINT', () => client.shutdown());
