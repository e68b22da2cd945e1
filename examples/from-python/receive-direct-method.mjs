// In Python: receive_direct_method.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

const results = new Map(Object.entries({ measure: 21.5, greet: 'hello' }));

client.onMethodRequestReceived = ({ name }) => {
  console.log('method:', name);
  if (results.has(name)) return { status: 200, payload: results.get(name) };
  return { status: 404, payload: `no method ${name}` };
};
await client.connect();
process.once('SIGINT', () => client.shutdown());
