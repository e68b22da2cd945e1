// Uploads a file in three steps: node upload.mjs FILE [BLOB NAME]
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { IoTHubDeviceClient } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING, IOTHUB_ENDPOINT } = process.env;
const [file, name = file && basename(file)] = process.argv.slice(2);
if (!IOTHUB_DEVICE_CONNECTION_STRING || !file) {
  throw new Error(
    'Set IOTHUB_DEVICE_CONNECTION_STRING to the connection string of a device, and give a file.',
  );
}
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING, {
  endpoint: IOTHUB_ENDPOINT,
});

const content = await readFile(file);
const place = await client.getStorageInfoForBlob(name);
const { ok, status, statusText } = await put(place, content).catch(({ message, cause }) => {
  return { ok: false, status: 0, statusText: `${message}: ${cause?.message}` };
});
// Also when it failed: a device may have ten uploads at a time, and this one is none any more.
await client.notifyBlobUploadStatus(place.correlationId, ok, status, statusText);
await client.shutdown();
if (!ok) throw new Error(`not uploaded: ${status} ${statusText}`);
console.log('uploaded:', place.blobName);

function put({ hostName, containerName, blobName, sasToken }, body) {
  // A local hub keeps the blobs itself, without TLS if its endpoint has none.
  const scheme = IOTHUB_ENDPOINT?.startsWith('ws:') ? 'http' : 'https';
  const path = blobName.split('/').map(encodeURIComponent).join('/');
  return fetch(`${scheme}://${hostName}/${containerName}/${path}${sasToken}`, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    body,
  });
}
