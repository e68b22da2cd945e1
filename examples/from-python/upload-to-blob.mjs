// In Python: upload_to_blob.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

await client.uploadFile('greetings/hello.txt', 'Hello, World!', { contentType: 'text/plain' });
console.log('uploaded');
await client.shutdown();
