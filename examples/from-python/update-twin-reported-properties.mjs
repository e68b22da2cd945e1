// In Python: update_twin_reported_properties.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

const temperature = Math.round(320 + 480 * Math.random()) / 10;
await client.patchTwinReportedProperties({ temperature });
console.log('reported:', temperature);
await client.shutdown();
