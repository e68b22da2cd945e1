import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { json, text } from 'node:stream/consumers';

import {
  ClientError,
  ConnectionFailedError,
  IoTHubDeviceClient,
  OperationTimeout,
  ServiceError,
  assertNoSecret,
  createPair,
  deferred,
  hub,
  test,
  within,
} from './support.mjs';
import { listen } from './transport/servers.mjs';

const BLOCK_SIZE = 1024 * 1024;
const SECRET = 'marked-signature';

const bytesOf = (length) => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);

async function* chunksOf(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The notification of the device's last upload at the hub, with the blob. */
async function lastUpload({ deviceId }) {
  const headers = { authorization: hub.authorization() };
  const url = `${hub.url}/local/devices/${deviceId}/uploads?timeout=20`;
  const { uploads } = await (await fetch(url, { headers })).json();
  const upload = uploads.at(-1);
  if (!upload?.blobUrl) return upload;
  const response = await fetch(upload.blobUrl);
  const type = response.headers.get('content-type');
  return { ...upload, type, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/**
 * A server that is both a hub and its storage account, and a client of it. `answers` are the
 * statuses of the PUTs, or functions that handle the response; the last one is for all that follow.
 * `asked` and `told` are the same for the two calls of the hub.
 */
async function createScripted(t, answers, options) {
  const seen = { asked: 0, puts: [], told: [] };
  const { asked = [200], told = [204] } = options ?? {};
  const next = (list) => (list.length > 1 ? list.shift() : list[0]);
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    if (method === 'PUT') {
      seen.puts.push({ url, headers, body: await text(request) });
      const answer = next(answers);
      if (typeof answer === 'function') answer(response);
      else response.writeHead(answer).end('<Error><Code>Scripted</Code></Error>');
    } else if (url.includes('/files/notifications')) {
      seen.told.push(await json(request));
      response.writeHead(next(told)).end();
    } else {
      seen.asked += 1;
      const { blobName } = await json(request);
      const place = {
        hostName: `127.0.0.1:${port}`,
        containerName: 'c',
        sasToken: `?sig=${SECRET}`,
      };
      response.writeHead(next(asked));
      response.end(JSON.stringify({ correlationId: 'id', blobName: `d/${blobName}`, ...place }));
    }
  });
  const port = await listen(t, server);
  const httpEndpoint = `http://127.0.0.1:${port}/relay/`;
  const { client } = await createPair(t, { httpEndpoint, ...options?.client });
  return { client, seen };
}

const isTold = ({ told }, expected) =>
  assert.deepEqual(told, [{ correlationId: 'id', ...expected }]);

const SMALL = {
  'a string': 'Grüße',
  'an ArrayBuffer': bytesOf(1000).buffer,
  'a typed array': bytesOf(1000).subarray(10, 20),
  'a DataView': new DataView(bytesOf(100).buffer, 50),
  'a Blob': new Blob([bytesOf(1000)]),
  'an empty string': '',
};

for (const [name, data] of Object.entries(SMALL)) {
  test(`${name} is uploaded, and the hub is notified`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const progress = [];
    const result = await client.uploadFile('folder/Grüße %1?.bin', data, {
      onProgress: (event) => progress.push(event),
    });
    assert.equal(result, undefined);
    const expected = new Uint8Array(await new Blob([data]).arrayBuffer());
    const { length } = expected;
    const { blobName, isSuccess, statusCode, bytes, type } = await lastUpload(backEnd);
    assert.equal(blobName, `${backEnd.deviceId}/folder/Grüße %1?.bin`);
    assert.deepEqual([isSuccess, statusCode], [true, 201]);
    assert.deepEqual(bytes, expected);
    assert.equal(type, 'application/octet-stream');
    assert.deepEqual(progress, [{ loaded: length, total: length }]);
    assert.equal(client.connectionState, 'disconnected');
  });
}

/** Names that a URL parser or a proxy may misread, except `.` and `..`. */
const NAMES = {
  'percent signs': '100%/%2e/%2e%2e/%2F/%',
  'characters that end a path': 'a?b=c#d&e',
  'spaces at the ends': ' a b ',
  'dots next to other characters': '.a/..b/c./d../...',
  'consecutive slashes': 'a//b/',
  'a backslash and quotes': 'a\\..\\b"\'`',
  'characters outside ASCII': 'ä/€/😀/\u200b/é',
  'the maximum length': 'x'.repeat(1024),
};

for (const [what, name] of Object.entries(NAMES)) {
  test(`a name with ${what} is the name of the blob`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const own = `${backEnd.deviceId}/`;
    const blobName = name.length === 1024 ? name.slice(own.length) : name;
    await client.uploadFile(blobName, name);
    const upload = await lastUpload(backEnd);
    assert.equal(upload.blobName, own + blobName);
    assert.equal(Buffer.from(upload.bytes).toString(), name);
  });
}

test('a name that no URL can contain is a TypeError, and nothing is sent', async (t) => {
  const { client, seen } = await createScripted(t, [201]);
  const names = ['.', '..', './a', '../a', 'a/./b', 'a/../b', 'a/.', 'a/..', 'a/\ud800', '\udc00b'];
  for (const name of names) {
    await assert.rejects(client.uploadFile(name, 'data'), /^TypeError: blobName must not have/);
    await assert.rejects(client.getStorageInfoForBlob(name), /^TypeError: name must not have/);
  }
  assert.deepEqual(seen, { asked: 0, puts: [], told: [] });
});

for (const length of [BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE + 5]) {
  test(`${length} bytes are uploaded, with progress after each block`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const progress = [];
    const data = bytesOf(length);
    await client.uploadFile('b', data, { onProgress: ({ loaded }) => progress.push(loaded) });
    const blocks = Array.from({ length: Math.floor(length / BLOCK_SIZE) }, (_, n) => n + 1);
    const expected = blocks.map((number) => number * BLOCK_SIZE);
    if (length % BLOCK_SIZE > 0) expected.push(length);
    assert.deepEqual(progress, expected);
    assert.ok(Buffer.from(data).equals((await lastUpload(backEnd)).bytes));
  });
}

for (const length of [0, 5, BLOCK_SIZE, BLOCK_SIZE + 5]) {
  test(`a stream of ${length} bytes is uploaded`, async (t) => {
    const { client, backEnd } = await createPair(t);
    const data = bytesOf(length);
    const totals = new Set();
    await client.uploadFile('b', ReadableStream.from(chunksOf(data, 100_000)), {
      onProgress: ({ total }) => totals.add(total),
    });
    assert.deepEqual([...totals], length > 0 ? [undefined] : []);
    assert.ok(Buffer.from(data).equals((await lastUpload(backEnd)).bytes));
  });
}

test('the content type is that of the Blob, or the option contentType', async (t) => {
  const { client, backEnd } = await createPair(t);
  const blob = new Blob(['{}'], { type: 'application/json' });
  await client.uploadFile('b', blob);
  assert.equal((await lastUpload(backEnd)).type, 'application/json');
  for (const data of [blob, bytesOf(BLOCK_SIZE + 1)]) {
    await client.uploadFile('b', data, { contentType: 'text/x-mine' });
    assert.equal((await lastUpload(backEnd)).type, 'text/x-mine');
  }
});

test('a contentType that no header can contain is a TypeError, and nothing is sent', async (t) => {
  const { client, seen } = await createScripted(t, [201]);
  const types = [
    'text/plain\n',
    'text/plain\r\nx-ms-a: b',
    'text/☃',
    'text/ä',
    'a\0b',
    'a\tb',
    '\x7f',
  ];
  for (const contentType of types) {
    const upload = client.uploadFile('b', 'data', { contentType });
    await assert.rejects(upload, /^TypeError: contentType must be a media type/);
  }
  assert.deepEqual(seen, { asked: 0, puts: [], told: [] });
});

test('large files are uploaded in blocks with ids of equal length, then a block list', async (t) => {
  const { client, seen } = await createScripted(t, [201]);
  await client.uploadFile('x y', 'a'.repeat(2 * BLOCK_SIZE + 1));
  const paths = seen.puts.map(({ url }) => url.split('?')[0]);
  assert.deepEqual(new Set(paths), new Set(['/c/d/x%20y']));
  const queries = seen.puts.map(({ url }) => new URLSearchParams(url.split('?')[1]));
  assert.deepEqual(
    queries.map((query) => query.get('sig')),
    Array(4).fill(SECRET),
  );
  assert.deepEqual(
    queries.map((query) => query.get('comp')),
    [...Array(3).fill('block'), 'blocklist'],
  );
  const ids = queries.slice(0, 3).map((query) => query.get('blockid'));
  assert.equal(new Set(ids).size, 3);
  assert.equal(new Set(ids.map((id) => Buffer.from(id, 'base64').length)).size, 1);
  const listed = [...seen.puts[3].body.matchAll(/<Latest>(.*?)<\/Latest>/g)].map(([, id]) => id);
  assert.deepEqual(listed, ids);
  assert.match(seen.puts[3].body, /^<BlockList>.*<\/BlockList>$/);
  for (const { headers } of seen.puts) assert.match(headers['x-ms-version'], /^\d{4}-\d\d-\d\d$/);
});

for (const status of [429, 500, 503]) {
  test(`a block that gets ${status} is retried`, async (t) => {
    const { client, seen } = await createScripted(t, [201, status, 201]);
    await client.uploadFile('b', 'a'.repeat(BLOCK_SIZE + 1));
    assert.equal(seen.puts.length, 4);
    assert.equal(seen.puts[1].url, seen.puts[2].url);
    assert.equal(seen.puts[1].body, seen.puts[2].body);
    isTold(seen, { isSuccess: true, statusCode: 201, statusDescription: 'Created' });
  });
}

test('a block whose connection breaks is retried, without progress for it', async (t) => {
  const { client, seen } = await createScripted(t, [(response) => response.destroy(), 201]);
  const progress = [];
  await client.uploadFile('b', 'data', { onProgress: ({ loaded }) => progress.push(loaded) });
  assert.equal(seen.puts.length, 2);
  assert.deepEqual(progress, [4]);
});

test('a refusal is an immediate ServiceError with the code, and the hub is notified', async (t) => {
  const { client, seen } = await createScripted(t, [403]);
  await assert.rejects(client.uploadFile('b', 'data'), (error) => {
    assertNoSecret(error, SECRET);
    assert.ok(error instanceof ServiceError);
    assert.equal(error.status, 403);
    assert.equal(error.code, 'Scripted');
    return /storage account.*Scripted/.test(error.message);
  });
  assert.equal(seen.puts.length, 1);
  const statusDescription = 'the storage account answered Scripted';
  isTold(seen, { isSuccess: false, statusCode: 403, statusDescription });
});

test('an unreachable storage account is given up, and the hub is notified', async (t) => {
  const { client, seen } = await createScripted(t, [(response) => response.destroy()]);
  await assert.rejects(client.uploadFile('b', 'data'), (error) => {
    assertNoSecret(error, SECRET);
    return error instanceof ConnectionFailedError && /storage account.*CORS/.test(error.message);
  });
  assert.equal(seen.puts.length, 4);
  isTold(seen, { isSuccess: false, statusCode: 0, statusDescription: 'ConnectionFailedError' });
});

test('a storage account that never responds is an OperationTimeout', async (t) => {
  const options = { client: { operationTimeout: 0.1 } };
  const { client, seen } = await createScripted(t, [() => {}], options);
  await assert.rejects(client.uploadFile('b', 'data'), (error) => {
    assertNoSecret(error, SECRET);
    return error instanceof OperationTimeout && /storage account/.test(error.message);
  });
  assert.equal(seen.puts.length, 4);
});

test('the call rejects with the first error, even if the hub refuses the notification', async (t) => {
  const { client, seen } = await createScripted(t, [404], { told: [500] });
  await assert.rejects(client.uploadFile('b', 'data'), { status: 404 });
  assert.equal(seen.told.length, 1);
});

test('if the hub refuses the notification of a success, the call rejects with its error', async (t) => {
  const { client, seen } = await createScripted(t, [201], { told: [400] });
  await assert.rejects(client.uploadFile('b', 'data'), { name: 'ServiceError', status: 400 });
  assert.equal(seen.told.length, 1);
});

test('both calls to the hub are retried, like blocks', async (t) => {
  const options = { asked: [503, 429, 200], told: [500, 204] };
  const { client, seen } = await createScripted(t, [201], options);
  await client.uploadFile('b', 'data');
  assert.equal(seen.puts.length, 1);
  assert.deepEqual(
    seen.told.map(({ isSuccess }) => isSuccess),
    [true, true],
  );
});

test('an abort after the last byte rejects, and the hub is notified of the success', async (t) => {
  const controller = new AbortController();
  const reason = new Error('the user has gone');
  const { client, seen } = await createScripted(t, [201], { told: [503, 204] });
  const onProgress = () => controller.abort(reason);
  const upload = client.uploadFile('b', 'data', { onProgress, signal: controller.signal });
  await assert.rejects(upload, (error) => error === reason);
  while (seen.told.length < 2) await new Promise(setImmediate);
  assert.deepEqual(
    seen.told.map(({ isSuccess }) => isSuccess),
    [true, true],
  );
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('an abort ends the wait for the Promise of onProgress', async (t) => {
  const reason = new Error('the user has gone');
  for (const [data, isSuccess] of [
    ['stored', true],
    [chunksOf(bytesOf(5), 5), false],
  ]) {
    const controller = new AbortController();
    const { signal } = controller;
    const { client, seen } = await createScripted(t, [201]);
    const onProgress = () => {
      setImmediate(() => controller.abort(reason));
      return new Promise(() => {});
    };
    const upload = client.uploadFile('b', data, { onProgress, signal });
    await assert.rejects(upload, (error) => error === reason);
    while (seen.told.length === 0) await new Promise(setImmediate);
    assert.equal(seen.told[0].isSuccess, isSuccess);
    assert.equal(seen.puts.length, 1);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }
});

test('an error of onProgress or of the source ends the upload, and is reported', async (t) => {
  const problem = new Error('not so');
  const fail = () => {
    throw problem;
  };
  const reject = async () => fail();
  async function* failing() {
    yield bytesOf(5);
    throw problem;
  }
  for (const [data, onProgress] of [
    ['data', fail],
    ['data', reject],
    [failing(), undefined],
  ]) {
    const { client, seen } = await createScripted(t, [201]);
    await assert.rejects(
      client.uploadFile('b', data, { onProgress }),
      (error) => error === problem,
    );
    isTold(seen, { isSuccess: false, statusCode: 0, statusDescription: 'Error' });
  }
});

test('an abort rejects with the reason, ends the request, and is reported', async (t) => {
  // There would never be another attempt.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ended = deferred();
  const controller = new AbortController();
  const reason = new Error('the user has gone');
  const { client, seen } = await createScripted(t, [
    (response) => {
      response.on('close', ended.resolve);
      controller.abort(reason);
    },
  ]);
  const upload = client.uploadFile('b', 'data', controller);
  await assert.rejects(upload, (error) => error === reason);
  await ended.promise;
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  while (seen.told.length === 0) await new Promise(setImmediate);
  isTold(seen, { isSuccess: false, statusCode: 0, statusDescription: 'Error' });
  assert.equal(seen.puts.length, 1);
  t.mock.timers.reset();
});

/** Streams that stall; they report when the upload waits for more. */
const STALLED = {
  async *generator(waits) {
    yield bytesOf(10);
    waits();
    await new Promise(() => {});
  },
  stream: (waits) => new ReadableStream({ pull: waits }, { highWaterMark: 0 }),
  iterator: (waits) => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(waits),
      return: () => {
        throw new Error('not now');
      },
    }),
  }),
};

for (const [name, stalled] of Object.entries(STALLED)) {
  test(`an abort ends the upload of a stalled ${name}, and is reported`, async (t) => {
    const { client, seen } = await createScripted(t, [201]);
    const controller = new AbortController();
    const reason = new Error('the user has gone');
    const waits = deferred();
    const source = stalled(() => waits.resolve());
    const upload = client.uploadFile('b', source, controller);
    await waits.promise;
    controller.abort(reason);
    await assert.rejects(within(10, upload, 'it goes on'), (error) => error === reason);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    while (seen.told.length === 0) await new Promise(setImmediate);
    isTold(seen, { isSuccess: false, statusCode: 0, statusDescription: 'Error' });
    assert.equal(seen.puts.length, 0);
  });
}

test('the stream of a failed upload is ended', async (t) => {
  const { client } = await createScripted(t, [403]);
  const left = deferred();
  async function* endless() {
    try {
      for (;;) yield bytesOf(BLOCK_SIZE);
    } finally {
      left.resolve();
    }
  }
  await assert.rejects(client.uploadFile('b', endless()), { status: 403 });
  await left.promise;
});

test('a stream may contain bytes, strings and Blobs, and nothing else is stored', async (t) => {
  const { client, seen } = await createScripted(t, [201]);
  const sized = { size: 1, type: 'text/x-mine' };
  const streamOf = (...chunks) => Object.assign(ReadableStream.from(chunks), sized);
  const totals = [];
  const onProgress = ({ total }) => totals.push(total);
  await client.uploadFile('b', streamOf('a', bytesOf(1), new Blob(['c'])), { onProgress });
  assert.equal(seen.puts[0].body, 'a\0c');
  assert.equal(seen.puts.at(-1).headers['x-ms-blob-content-type'], 'application/octet-stream');
  assert.deepEqual(totals, [undefined], 'only a Blob has a size that is to be believed');
  seen.told.length = 0;
  const { length } = seen.puts;
  for (const chunk of [{ a: 1 }, 5, null, [1]]) {
    await assert.rejects(client.uploadFile('b', streamOf('a', chunk)), TypeError);
    const [told] = seen.told.splice(0);
    assert.deepEqual([told.isSuccess, told.statusDescription], [false, 'TypeError']);
  }
  assert.equal(seen.puts.length, length);
});

test('an abort between two attempts ends the wait', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const controller = new AbortController();
  const { client, seen } = await createScripted(t, [
    (response) => {
      response.writeHead(503).end();
      response.on('close', () => setImmediate(() => controller.abort()));
    },
  ]);
  await assert.rejects(client.uploadFile('b', 'data', controller), { name: 'AbortError' });
  assert.equal(seen.puts.length, 1);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  t.mock.timers.reset();
});

test('with an aborted signal or wrong arguments, nothing is requested', async (t) => {
  const { client } = await createPair(t);
  const signal = AbortSignal.abort();
  await assert.rejects(client.uploadFile('b', 'data', { signal }), { name: 'AbortError' });
  for (const [name, data, options] of [
    [undefined, 'data'],
    ['', 'data'],
    ['b', undefined],
    ['b', 5],
    ['b', { a: 1 }],
    ['b', 'data', { onProgress: 5 }],
    ['b', 'data', { contentType: 5 }],
    ['b', 'data', { signal: 5 }],
  ]) {
    await assert.rejects(client.uploadFile(name, data, options), TypeError);
  }
  // Ten may be in progress at a time.
  for (let number = 0; number < 10; number += 1) await client.getStorageInfoForBlob('b');
  await assert.rejects(client.uploadFile('b', 'data'), { status: 403 });
});

test('a module cannot upload', async () => {
  const key = btoa('key');
  const text = `HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=${key}`;
  const client = IoTHubDeviceClient.createFromConnectionString(text);
  await assert.rejects(client.uploadFile('b', 'data'), ClientError);
});

for (const httpEndpoint of [
  'http://example.com',
  'ws://127.0.0.1',
  'nonsense',
  'https://',
  'https://a@b',
  'https://a/ b',
  'https://a?b',
]) {
  test(`the httpEndpoint ${httpEndpoint} is a TypeError`, () => {
    const create = () =>
      IoTHubDeviceClient.createFromSymmetricKey(btoa('key'), 'h', 'd', { httpEndpoint });
    assert.throws(
      create,
      (error) => error instanceof TypeError && /httpEndpoint/.test(error.message),
    );
  });
}
