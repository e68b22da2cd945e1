/** Steps of more than one test. */
import assert from 'node:assert/strict';

export const base64 = (data) => Buffer.from(data).toString('base64');

/** One of each: desired properties, method, message, telemetry. */
export async function exchange(device, tag) {
  await device.patchDesired({ tag });
  await device.next('desired', (patch) => patch.tag === tag);
  assert.deepEqual((await device.invoke('echo', tag)).body, { status: 200, payload: tag });
  await device.local('POST', '/messages', { body: tag });
  await device.next('message', ({ body }) => body === base64(tag));
  await device.call('send', { body: base64(tag) });
  const messages = await device.telemetry();
  assert.equal(messages.at(-1).text, tag);
}

/** Uploads a file, of more than one block for a client that cuts files into blocks. */
export async function assertUpload(device) {
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'any bytes \0\xff');
  await device.call('upload', { blobName: 'folder/file-1.bin', body: base64(bytes) });
  const { uploads } = await device.local('GET', '/uploads?timeout=20');
  const [{ blobName, isSuccess, blobSizeInBytes, blobUrl }] = uploads;
  assert.equal(blobName, `${device.id}/folder/file-1.bin`);
  assert.equal(isSuccess, true);
  assert.equal(blobSizeInBytes, bytes.length);
  const stored = Buffer.from(await (await fetch(blobUrl)).arrayBuffer());
  assert.ok(stored.equals(bytes), 'the bytes at the hub are not those that were uploaded');
}
