// In Python: receive_twin_desired_properties_patch.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

process.once('SIGINT', () => client.shutdown());
for await (const patch of client.desiredPropertiesPatches()) console.log('desired:', patch);
