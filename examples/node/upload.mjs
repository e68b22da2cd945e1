// Uploads a file of any size: node upload.mjs FILE [BLOB NAME]
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING, IOTHUB_ENDPOINT } = process.env;
const [file = '', name = basename(file)] = process.argv.slice(2);
if (!IOTHUB_DEVICE_CONNECTION_STRING || !file) {
  throw new Error(
    'Set IOTHUB_DEVICE_CONNECTION_STRING to the connection string of a device, and give a file.',
  );
}
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING, {
  endpoint: IOTHUB_ENDPOINT,
});

await client.uploadFile(name, createReadStream(file), {
  onProgress: ({ loaded }) => console.log(`${loaded} bytes are there`),
});
console.log('uploaded:', name);
await client.shutdown();
