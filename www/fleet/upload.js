import { createClient } from './identity.js';

/**
 * Uploads a blob in the name of a device: asks where to, puts it there, tells how it went.
 * @param {import('iothub-device-client').IoTHubDeviceClient} client
 * @param {import('./identity.js').Identity} identity
 * @param {{name: string, blob: Blob}} file
 * @param {(sent: number) => void} onProgress
 */
export async function uploadBlob(client, identity, file, onProgress) {
  const { endpoint, httpEndpoint } = identity;
  if (!httpEndpoint) return upload(client, endpoint, file, onProgress);
  // A client of its own, whose HTTP calls go to the relay; it never connects.
  const relayed = httpEndpoint.replace(/^http/, 'ws');
  const caller = createClient({ ...identity, endpoint: relayed }, { autoConnect: false });
  try {
    await upload(caller, endpoint, file, onProgress);
  } finally {
    await caller.shutdown();
  }
}

async function upload(client, endpoint, { name, blob }, onProgress) {
  const place = await client.getStorageInfoForBlob(name);
  const scheme = endpoint?.startsWith('ws:') ? 'http' : 'https';
  const path = place.blobName.split('/').map(encodeURIComponent).join('/');
  const url = `${scheme}://${place.hostName}/${place.containerName}/${path}${place.sasToken}`;
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    body: blob,
  });
  const { ok, status, statusText } = response;
  await client.notifyBlobUploadStatus(place.correlationId, ok, status, statusText);
  if (!ok) throw new Error(`the storage answered ${status}`);
  onProgress(blob.size);
}
