import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';

const hub = new TestHub();

const FILES = 'files?api-version=2021-04-12';
const NOTIFICATIONS = 'files/notifications?api-version=2021-04-12';

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

const tokenOf = (device, options) =>
  sasToken({ resource: resourceOf(hub, device), key: device.primaryKey, ...options });

const post = (device, path, body, authorization = tokenOf(device)) =>
  hub.call('POST', `/devices/${device.deviceId}/${path}`, body, { authorization });

const begin = async (device, blobName = 'file.txt') =>
  (await post(device, FILES, { blobName })).body;

const blobUrlOf = ({ hostName, containerName, blobName, sasToken: token }) =>
  `http://${hostName}/${containerName}/${encodeURIComponent(blobName)}${token}`;

const putBlob = (url, body, headers = {}) =>
  fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob', ...headers }, body });

/** Asserts the service's error, in header and body. */
function assertError(answer, status, errorCode, name) {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('iothub-errorcode'), name);
  assert.equal(JSON.parse(answer.body.Message).errorCode, errorCode);
}

async function assertBlobError(response, status, code) {
  assert.equal(response.status, status);
  assert.equal(response.headers.get('x-ms-error-code'), code);
  assert.match(await response.text(), new RegExp(`<Error><Code>${code}</Code>`));
}

describe('a file upload', () => {
  test('stores what is put, byte for byte, and lists the notification', async () => {
    const device = await hub.createDevice();
    const upload = await begin(device, 'folder/f ü&1.bin');
    assert.equal(upload.blobName, `${device.deviceId}/folder/f ü&1.bin`);
    assert.match(upload.sasToken, /^\?sv=/);
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const put = await putBlob(blobUrlOf(upload), bytes, { 'content-type': 'image/x-test' });
    assert.equal(put.status, 201);
    const got = await fetch(blobUrlOf(upload));
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('etag'), put.headers.get('etag'));
    assert.equal(got.headers.get('content-type'), 'image/x-test');
    assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
    const { correlationId, blobName } = upload;
    const outcome = { isSuccess: true, statusCode: 201, statusDescription: 'ok' };
    const notified = await post(device, NOTIFICATIONS, { correlationId, ...outcome });
    assert.equal(notified.status, 204);
    const { uploads } = await hub.local(device, 'GET', '/uploads');
    const [{ blobUrl, enqueuedTime, ...rest }] = uploads;
    assert.ok(Date.parse(enqueuedTime) > 0);
    assert.deepEqual(rest, {
      sequence: 1,
      correlationId,
      blobName,
      ...outcome,
      blobSizeInBytes: bytes.length,
    });
    assert.deepEqual(Buffer.from(await (await fetch(blobUrl)).arrayBuffer()), bytes);
  });

  test('may be notified with the correlation id in the path', async () => {
    const device = await hub.createDevice();
    const { correlationId } = await begin(device);
    const path = `files/notifications/${encodeURIComponent(correlationId)}/?api-version=2021-04-12`;
    const pending = hub.local(device, 'GET', '/uploads?timeout=30');
    assert.equal((await post(device, path, { isSuccess: false })).status, 204);
    const [upload] = (await pending).uploads;
    assert.equal(upload.isSuccess, false);
    assert.equal(upload.statusCode, null);
    assert.equal(upload.blobUrl, null);
    assert.equal(upload.blobSizeInBytes, null);
  });

  test('can be one of an empty file', async () => {
    const upload = await begin(await hub.createDevice());
    assert.equal((await putBlob(blobUrlOf(upload), '')).status, 201);
    assert.equal((await (await fetch(blobUrlOf(upload))).arrayBuffer()).byteLength, 0);
  });

  test('can be put together from blocks', async () => {
    const upload = await begin(await hub.createDevice());
    const url = blobUrlOf(upload);
    const ids = ['AAA=', 'BBB=', 'CC+/'];
    for (const id of ids) {
      const put = await putBlob(`${url}&comp=block&blockid=${encodeURIComponent(id)}`, `<${id}>`);
      assert.equal(put.status, 201);
    }
    await assertBlobError(await fetch(url), 404, 'BlobNotFound');
    const list = (names) => {
      const blocks = names.map((id) => `<Latest>${id}</Latest>`).join('');
      const xml = `<?xml version="1.0"?><BlockList>${blocks}</BlockList>`;
      return putBlob(`${url}&comp=blocklist`, xml, { 'x-ms-blob-content-type': 'text/x-blocks' });
    };
    await assertBlobError(await list(['DDD=']), 400, 'InvalidBlockList');
    assert.equal((await list(['CC+/', 'AAA='])).status, 201);
    const got = await fetch(url);
    assert.equal(got.headers.get('content-type'), 'text/x-blocks');
    assert.equal(await got.text(), '<CC+/><AAA=>');
  });

  test('gets URLs with the name under which the hub was reached', async () => {
    const device = await hub.createDevice();
    const { port } = new URL(hub.url);
    assert.equal((await begin(device)).hostName, `127.0.0.1:${port}`);
  });
});

describe('beginning an upload is refused', () => {
  test('with 401 for a wrong, an expired, a missing token and an unknown device', async () => {
    const device = await hub.createDevice();
    const other = await hub.createDevice();
    const key = Buffer.alloc(32).toString('base64');
    for (const authorization of [
      '',
      'Bearer x',
      tokenOf(device, { key }),
      tokenOf(device, { expiry: inSeconds(-301) }),
      tokenOf(other),
    ]) {
      const answer = await post(device, FILES, { blobName: 'f' }, authorization);
      assertError(answer, 401, 401003, 'IotHubUnauthorized');
      assert.doesNotMatch(JSON.stringify(answer.body), /sig=/);
    }
    const nobody = { deviceId: 'nobody', primaryKey: key };
    const answer = await post(nobody, FILES, { blobName: 'f' });
    assertError(answer, 401, 401003, 'IotHubUnauthorized');
  });

  test('with 401 for a disabled device', async () => {
    const device = await hub.createDevice();
    const path = `/devices/${device.deviceId}`;
    await hub.call('PUT', path, { status: 'disabled' }, { 'if-match': '*' });
    assertError(await post(device, FILES, { blobName: 'f' }), 401, 401003, 'IotHubUnauthorized');
  });

  test('with 400001 without api-version', async () => {
    const device = await hub.createDevice();
    const answer = await post(device, 'files?api-version=', { blobName: 'f' });
    assertError(answer, 400, 400001, 'InvalidProtocolVersion');
  });

  test('with 400004 without blob name', async () => {
    const device = await hub.createDevice();
    for (const body of [{}, { blobName: '' }]) {
      assertError(await post(device, FILES, body), 400, 400004, 'ArgumentInvalid');
    }
  });

  test('with 403006 while ten are active, not when one of them has ended', async () => {
    const device = await hub.createDevice();
    const uploads = [];
    for (let number = 0; number < 10; number++) uploads.push(await begin(device));
    const answer = await post(device, FILES, { blobName: 'f' });
    assertError(answer, 403, 403006, 'DeviceMaximumActiveFileUploadLimitExceeded');
    const { correlationId } = uploads[3];
    await post(device, NOTIFICATIONS, { correlationId, isSuccess: true });
    assert.equal((await post(device, FILES, { blobName: 'f' })).status, 200);
  });

  test('with 400014 when the hub has no storage account', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { noStorage: true });
    const answer = await post(device, FILES, { blobName: 'f' });
    assertError(answer, 400, 400014, 'DefaultStorageEndpointNotConfigured');
  });

  test('with the status of a fault until it is cleared', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { filesStatus: 503 });
    const answer = await post(device, FILES, { blobName: 'f' });
    assertError(answer, 503, 503001, 'ServiceUnavailable');
    await hub.fault(device, { clear: true });
    assert.equal((await post(device, FILES, { blobName: 'f' })).status, 200);
  });
});

test('policies may begin uploads', async () => {
  const device = await hub.createDevice();
  const { primaryKey: key } = hub.started.policies.device;
  const authorization = sasToken({ resource: hub.hostname, key, policy: 'device' });
  assert.equal((await post(device, FILES, { blobName: 'f' }, authorization)).status, 200);
});

describe('a notification is refused', () => {
  test('with 400015 for an unknown, foreign or used correlation id', async () => {
    const device = await hub.createDevice();
    const other = await hub.createDevice();
    const { correlationId } = await begin(device);
    const foreign = await post(other, NOTIFICATIONS, { correlationId, isSuccess: true });
    assertError(foreign, 400, 400015, 'InvalidFileUploadCorrelationId');
    await post(device, NOTIFICATIONS, { correlationId, isSuccess: true });
    const again = await post(device, NOTIFICATIONS, { correlationId, isSuccess: true });
    assertError(again, 400, 400015, 'InvalidFileUploadCorrelationId');
  });

  test('with 400016 when the upload has expired', async () => {
    const device = await hub.createDevice();
    const { correlationId } = await begin(device);
    await hub.fault(device, { clock: 3601 });
    const body = { correlationId, isSuccess: true };
    const token = tokenOf(device, { expiry: inSeconds(8000) });
    const answer = await post(device, NOTIFICATIONS, body, token);
    assertError(answer, 400, 400016, 'ExpiredFileUploadCorrelationId');
  });

  test('with 400004 without correlation id or outcome', async () => {
    const device = await hub.createDevice();
    const { correlationId } = await begin(device);
    for (const body of [{ isSuccess: true }, { correlationId }]) {
      assertError(await post(device, NOTIFICATIONS, body), 400, 400004, 'ArgumentInvalid');
    }
  });
});

describe('a blob is closed', () => {
  test('without its own token', async () => {
    const device = await hub.createDevice();
    const upload = await begin(device);
    const other = await begin(device, 'other.txt');
    for (const sasTokenOfBlob of ['', '?sig=x', other.sasToken]) {
      const url = blobUrlOf({ ...upload, sasToken: sasTokenOfBlob });
      await assertBlobError(await putBlob(url, 'x'), 403, 'AuthenticationFailed');
      await assertBlobError(await fetch(url), 403, 'AuthenticationFailed');
    }
    const later = upload.sasToken.replace(/se=\d+/, 'se=2099');
    assert.notEqual(later, upload.sasToken);
    const url = blobUrlOf({ ...upload, sasToken: later });
    await assertBlobError(await putBlob(url, 'x'), 403, 'AuthenticationFailed');
  });

  test('when the token has expired', async () => {
    const device = await hub.createDevice();
    await hub.fault(device, { clock: -3601 });
    const upload = await begin(device);
    await assertBlobError(await putBlob(blobUrlOf(upload), 'x'), 403, 'AuthenticationFailed');
  });

  test('to requests that storage does not take', async () => {
    const upload = await begin(await hub.createDevice());
    const url = blobUrlOf(upload);
    const noType = await fetch(url, { method: 'PUT', body: 'x' });
    await assertBlobError(noType, 400, 'InvalidHeaderValue');
    const page = await putBlob(url, 'x', { 'x-ms-blob-type': 'PageBlob' });
    await assertBlobError(page, 400, 'InvalidHeaderValue');
    const damaged = await putBlob(url, 'x', { 'content-md5': 'AAAA' });
    await assertBlobError(damaged, 400, 'Md5Mismatch');
    const unknown = await putBlob(`${url}&comp=page`, 'x');
    await assertBlobError(unknown, 400, 'InvalidQueryParameterValue');
    const noId = await putBlob(`${url}&comp=block`, 'x');
    await assertBlobError(noId, 400, 'InvalidQueryParameterValue');
    await assertBlobError(await fetch(url), 404, 'BlobNotFound');
  });
});

describe('pages of any origin', () => {
  const preflight = (path, headers) =>
    fetch(hub.url + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': headers,
      },
    });

  test('may call files, notifications and blobs', async () => {
    const { deviceId } = await hub.createDevice();
    for (const path of [
      `/devices/${deviceId}/files`,
      `/devices/${deviceId}/files/notifications`,
      `/devices/${deviceId}/files/notifications/x`,
      '/uploads/any/blob',
    ]) {
      const { status, headers } = await preflight(`${path}?a=b`, 'authorization,x-ms-blob-type');
      assert.equal(status, 204, path);
      assert.equal(headers.get('access-control-allow-origin'), '*');
      assert.match(headers.get('access-control-allow-methods'), /POST, PUT/);
      const allowed = headers.get('access-control-allow-headers');
      assert.equal(allowed, 'authorization,x-ms-blob-type');
    }
  });

  test('may read answers and errors', async () => {
    const device = await hub.createDevice();
    const ok = await post(device, FILES, { blobName: 'f' });
    const refused = await post(device, FILES, { blobName: 'f' }, '');
    const invalid = await post(device, FILES, {});
    const blob = await fetch(`${hub.url}/uploads/x`);
    const answers = [ok, refused, invalid, blob];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 401, 400, 403],
    );
    for (const { headers } of answers) {
      assert.equal(headers.get('access-control-allow-origin'), '*');
    }
  });
});
