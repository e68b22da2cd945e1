import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startHub } from '../src/index.js';
import { EventLog } from '../src/event-log.js';
import { DiskStore } from '../src/store.js';
import { sasToken } from './support/credentials.js';
import { withVersion } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';
import { deviceKey, RegistrationClient } from './support/registration.js';

/** A directory that is removed after the test. */
async function newDirectory(t) {
  const directory = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A hub with a directory; `restart` closes it and starts it again. */
class KeptHub {
  #options;
  #hub;

  static async start(t, options = {}) {
    const hub = new KeptHub();
    hub.#options = { data: await newDirectory(t), ...options };
    hub.#hub = await startHub(hub.#options);
    t.after(() => hub.#hub.close());
    return hub;
  }

  async restart() {
    await this.#hub.close();
    this.#hub = await startHub(this.#options);
  }

  get data() {
    return this.#options.data;
  }

  get hostname() {
    return this.#hub.hostname;
  }

  get endpoint() {
    return this.#hub.endpoint;
  }

  get started() {
    return this.#hub;
  }

  async call(method, path, body, headers = {}) {
    const response = await fetch(new URL(withVersion(path), this.#hub.url), {
      method,
      headers: {
        authorization: this.#hub.authorization(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** A call that must succeed; returns its body. */
  async json(method, path, body) {
    const { status, text } = await this.call(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  create(deviceId, body) {
    return this.json('PUT', `/local/devices/${deviceId}`, body);
  }

  state({ deviceId }) {
    return this.json('GET', `/local/devices/${deviceId}`);
  }

  sendToDevice({ deviceId }, message) {
    return this.json('POST', `/local/devices/${deviceId}/messages`, message);
  }
}

const messagesFilter = ({ deviceId }) => `devices/${deviceId}/messages/devicebound/#`;

async function subscribeRaw(hub, device, options) {
  const client = await RawClient.connect(hub, device, options);
  const subscriptions = [{ topic: messagesFilter(device), qos: 1 }];
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions });
  assert.equal((await client.next()).cmd, 'suback');
  return client;
}

describe('over a restart stay', () => {
  test('devices and modules, with keys, status, etag and generation', async (t) => {
    const hub = await KeptHub.start(t);
    await hub.create('sas');
    await hub.json('PUT', '/devices/off', { status: 'disabled', statusReason: 'lost' });
    await hub.json('PUT', '/devices/x509', {
      authentication: { type: 'selfSigned', primaryThumbprint: 'ab'.repeat(20) },
      capabilities: { iotEdge: true },
    });
    await hub.json('PUT', '/devices/sas/modules/m1', {});
    await hub.json('PUT', '/devices/sas/modules/gone', {});
    await hub.json('PUT', '/devices/gone', {});
    await hub.json('PUT', '/devices/gone/modules/m1', {});
    await hub.json('DELETE', '/devices/sas/modules/gone');
    await hub.json('DELETE', '/devices/gone');
    const paths = ['/devices/sas', '/devices/off', '/devices/x509', '/devices/sas/modules/m1'];
    const read = () => Promise.all(paths.map((path) => hub.json('GET', path)));
    const before = await read();
    await hub.restart();
    assert.deepEqual(await read(), before);
    for (const path of ['/devices/gone', '/devices/sas/modules/gone']) {
      assert.equal((await hub.call('GET', path)).status, 404);
    }
    await hub.json('PUT', '/devices/gone', {});
    assert.deepEqual(await hub.json('GET', '/devices/gone/modules'), []);
  });

  test('nothing of a device that was deleted and recreated', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('again');
    await hub.sendToDevice(device, { body: 'old' });
    await hub.json('PATCH', '/twins/again', { tags: { old: true } });
    const client = await MqttClient.connect(hub, device);
    await client.publish('devices/again/messages/events/', 'old');
    await client.end();
    const topic = 'devices/again/messages/events/';
    const will = { topic, payload: 'old', qos: 1, retain: false };
    const connected = await subscribeRaw(hub, device, { will });
    assert.equal((await connected.next()).cmd, 'publish');
    await hub.json('DELETE', '/devices/again');
    await hub.create('again');
    await hub.restart();
    assert.equal((await hub.state(device)).pendingMessages, 0);
    assert.deepEqual((await hub.json('GET', '/twins/again')).tags, {});
    assert.deepEqual((await hub.json('GET', '/local/devices/again/telemetry')).messages, []);
  });

  test('twins, with versions, metadata and etag', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('twin');
    const properties = { desired: { list: { a: [1] } } };
    await hub.json('PATCH', '/twins/twin', { tags: { room: { floor: 1 } }, properties });
    const client = await MqttClient.connect(hub, device);
    await client.subscribe('$iothub/twin/res/#');
    const reported = '$iothub/twin/PATCH/properties/reported/?$rid=1';
    await client.publish(reported, '{"__proto__":{"on":true}}');
    assert.match((await client.next()).topic, /res\/204\//);
    await client.end();
    const before = await hub.call('GET', '/twins/twin');
    await hub.restart();
    const after = await hub.call('GET', '/twins/twin');
    const withoutState = ({ text }) => ({ ...JSON.parse(text), lastActivityTime: undefined });
    assert.deepEqual(withoutState(after), withoutState(before));
    const { version } = await hub.json('PATCH', '/twins/twin', '{"tags":{"room":{"floor":null}}}');
    assert.equal(version, JSON.parse(before.text).version + 1);
    assert.deepEqual((await hub.json('GET', '/twins/twin')).tags, { room: {} });
  });

  test('sessions with clean 0 and their subscriptions, not those with clean 1', async (t) => {
    const hub = await KeptHub.start(t);
    const kept = await hub.create('kept');
    const clean = await hub.create('clean');
    for (const [device, options] of [
      [kept, { clean: false }],
      [clean, { clean: true }],
    ]) {
      const client = await MqttClient.connect(hub, device, options);
      await client.subscribe('$iothub/methods/POST/#');
      await client.subscribe(messagesFilter(device));
      await client.mqtt.unsubscribeAsync('$iothub/methods/POST/#');
    }
    await hub.restart();
    await hub.sendToDevice(kept, { body: 'for the session' });
    const client = await MqttClient.connect(hub, kept);
    assert.equal(client.connack.sessionPresent, true);
    assert.equal((await client.next()).text, 'for the session');
    assert.deepEqual((await hub.state(kept)).subscriptions, [messagesFilter(kept)]);
    const other = await MqttClient.connect(hub, clean);
    assert.equal(other.connack.sessionPresent, false);
    assert.deepEqual((await hub.state(clean)).subscriptions, []);
  });

  test('messages to devices, with sequence numbers, delivery and expiry', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('queue');
    for (const body of ['done', 'delivered']) await hub.sendToDevice(device, { body });
    const before = await subscribeRaw(hub, device);
    const [done, delivered] = [await before.next(), await before.next()];
    before.send({ cmd: 'puback', messageId: done.messageId });
    before.send({ cmd: 'pingreq' });
    assert.equal((await before.next()).cmd, 'pingresp');
    before.send({ cmd: 'disconnect' });
    await before.closed;
    const soon = new Date(Date.now() + 1000).toISOString();
    await hub.sendToDevice(device, { body: 'waiting', properties: { a: null } });
    await hub.sendToDevice(device, { body: 'expires', expiryTimeUtc: soon });
    await hub.restart();
    let pending;
    do pending = (await hub.state(device)).pendingMessages;
    while (pending > 2);
    assert.equal(pending, 2);
    const last = await hub.sendToDevice(device, { body: 'after' });
    assert.equal(last.sequenceNumber, 5);
    const client = await RawClient.connect(hub, device);
    const packets = [await client.next(), await client.next(), await client.next()];
    const [first, second] = packets;
    assert.deepEqual(
      packets.map(({ payload, dup }) => [payload.toString(), dup]),
      [
        ['delivered', true],
        ['waiting', false],
        ['after', false],
      ],
    );
    assert.equal(first.messageId, delivered.messageId);
    assert.match(second.topic, /[/&]a(&|$)/);
  });

  test('feedback, until it is completed', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('feedback');
    const path = '/messages/serviceBound/feedback';
    const receive = async () => {
      const { headers, text } = await hub.call('GET', path);
      const messageIds = text && JSON.parse(text).map(({ originalMessageId: id }) => id);
      return { lock: headers.get('etag')?.replaceAll('"', ''), messageIds };
    };
    const purge = async (messageId) => {
      await hub.sendToDevice(device, { messageId, ack: 'full' });
      await hub.json('DELETE', `/devices/${device.deviceId}/commands`);
    };
    await purge('one');
    await hub.restart();
    const { lock, messageIds } = await receive();
    assert.deepEqual(messageIds, ['one']);
    await purge('two');
    await hub.restart();
    assert.equal((await hub.call('DELETE', `${path}/${lock}`)).status, 412);
    const both = await receive();
    assert.deepEqual(both.messageIds, ['one', 'two']);
    assert.equal((await hub.call('DELETE', `${path}/${both.lock}`)).status, 204);
    await hub.restart();
    assert.equal((await hub.call('GET', path)).status, 204);
  });

  test('telemetry, with its bytes and properties, and its numbers continue', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('telemetry');
    const topic = 'devices/telemetry/messages/events/$.mid=m1&room=kitchen&nothing';
    const payload = Buffer.from([0, 255, 1, 254]);
    const client = await MqttClient.connect(hub, device);
    for (let n = 0; n < 3; n++) await client.publish(topic, payload);
    await client.end();
    const read = async () => (await hub.json('GET', '/local/devices/telemetry/telemetry')).messages;
    const before = await read();
    assert.equal(before.length, 3);
    await hub.restart();
    assert.deepEqual(await read(), before);
    const again = await MqttClient.connect(hub, device);
    await again.publish(topic, payload);
    assert.deepEqual(
      (await read()).map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  test('the policies and the certificate authority', async (t) => {
    const hub = await KeptHub.start(t, { https: true });
    const { policies, ca } = hub.started;
    await hub.restart();
    assert.deepEqual(hub.started.policies, policies);
    assert.equal(hub.started.ca, ca);
  });
});

describe('a file upload', () => {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'text/plain' };

  function call(hub, device, method, path, body) {
    const resource = `${hub.hostname}/devices/${device.deviceId}`;
    const authorization = sasToken({ resource, key: device.primaryKey });
    const url = `/devices/${device.deviceId}${path}?api-version=2021-04-12`;
    return hub.call(method, url, body, { authorization });
  }

  async function begin(hub, device, blobName) {
    const { text } = await call(hub, device, 'POST', '/files', { blobName });
    const upload = JSON.parse(text);
    const path = `/${upload.containerName}/${upload.blobName}${upload.sasToken}`;
    return { ...upload, path };
  }

  const filesOf = async (hub) => {
    const directory = join(hub.data, 'files');
    const names = await readdir(directory);
    return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  };

  test('continues after a restart, and its blob and notification stay', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('files');
    const upload = await begin(hub, device, 'a.txt');
    assert.equal((await hub.call('PUT', upload.path, 'old', headers)).status, 201);
    await hub.restart();
    assert.equal((await hub.call('PUT', upload.path, 'new', headers)).status, 201);
    const { correlationId } = upload;
    const outcome = { correlationId, isSuccess: true, statusCode: 200 };
    const notification = await call(hub, device, 'POST', '/files/notifications', outcome);
    assert.equal(notification.status, 204);
    await hub.restart();
    const { uploads } = await hub.json('GET', '/local/devices/files/uploads');
    assert.equal(uploads.length, 1);
    assert.equal(uploads[0].correlationId, correlationId);
    assert.equal(uploads[0].blobSizeInBytes, 3);
    const read = await hub.call('GET', uploads[0].blobUrl.replace(/^http:\/\/[^/]*/, ''));
    assert.deepEqual([read.status, read.text], [200, 'new']);
    assert.deepEqual(await filesOf(hub), ['new']);
    const again = await call(hub, device, 'POST', '/files/notifications', outcome);
    assert.equal(again.status, 400);
  });

  test('in blocks continues after a restart; files that nothing refers to are deleted', async (t) => {
    const hub = await KeptHub.start(t);
    const device = await hub.create('blocks');
    const { path } = await begin(hub, device, 'b.txt');
    const block = (id, text) => hub.call('PUT', `${path}&comp=block&blockid=${id}`, text, headers);
    for (const [id, text] of [
      ['AA', 'wrong'],
      ['AA', 'one '],
      ['BB', 'two'],
    ]) {
      assert.equal((await block(id, text)).status, 201);
    }
    await writeFile(join(hub.data, 'files', 'unfinished'), 'of a hub that was killed');
    await hub.restart();
    assert.deepEqual((await filesOf(hub)).sort(), ['one ', 'two']);
    const list = '<BlockList><Latest>AA</Latest><Latest>BB</Latest></BlockList>';
    assert.equal((await hub.call('PUT', `${path}&comp=blocklist`, list, headers)).status, 201);
    await hub.restart();
    const blob = await hub.call('GET', path);
    assert.deepEqual([blob.status, blob.text], [200, 'one two']);
    assert.deepEqual(await filesOf(hub), ['one two']);
  });
});

test('a log that is full drops its oldest entries from the directory, too', async (t) => {
  const data = await newDirectory(t);
  const store = await DiskStore.open(data);
  const log = new EventLog(3, { records: store.scope('test/'), name: 'log' });
  for (let n = 1; n <= 5; n++) log.append({ n });
  await store.close();
  const reopened = await DiskStore.open(data);
  t.after(() => reopened.close());
  const again = new EventLog(3);
  for await (const [, entry] of reopened.entries('test/')) again.restore(entry);
  again.append({ n: 6 });
  const kept = await again.read({});
  assert.deepEqual(
    kept.map(({ sequence, n }) => [sequence, n]),
    [
      [4, 4],
      [5, 5],
      [6, 6],
    ],
  );
  let count = 0;
  for await (const entry of reopened.entries('test/')) count += entry.length > 0;
  assert.equal(count, 3);
});

describe('devices to begin with', () => {
  test('are created once; those with settings get them at each start', async (t) => {
    const data = await newDirectory(t);
    const thumbprint = (text) => ({ type: 'selfSigned', primaryThumbprint: text.repeat(20) });
    const startWith = async (...devices) => {
      const hub = await startHub({ data, devices });
      const headers = { authorization: hub.authorization() };
      const read = async (path) =>
        (await fetch(`${hub.url}${withVersion(`/devices/${path}`)}`, { headers })).json();
      const found = { plain: await read('plain'), module: await read('x/modules/m') };
      await hub.close();
      return { ...found, printed: hub.devices };
    };
    const module = (text) => ({ deviceId: 'x', moduleId: 'm', authentication: thumbprint(text) });
    const first = await startWith('plain', module('aa'));
    const { primaryKey } = first.plain.authentication.symmetricKey;
    const name = 'HostName=localhub.azure-devices.net';
    assert.deepEqual(first.printed, [
      {
        deviceId: 'plain',
        moduleId: undefined,
        connectionString: `${name};DeviceId=plain;SharedAccessKey=${primaryKey}`,
      },
      {
        deviceId: 'x',
        moduleId: 'm',
        connectionString: `${name};DeviceId=x;ModuleId=m;x509=true`,
      },
    ]);
    const second = await startWith('plain', module('bb'));
    assert.deepEqual(second.plain, first.plain);
    const { x509Thumbprint } = second.module.authentication;
    assert.equal(x509Thumbprint.primaryThumbprint, 'BB'.repeat(20));
  });
});

describe('a directory', () => {
  test('serves one hub at a time', async (t) => {
    const hub = await KeptHub.start(t);
    await assert.rejects(startHub({ data: hub.data }), {
      name: 'DataError',
      message: new RegExp(`^${hub.data} is in use by another hub`),
    });
  });

  test('is free again when a start has failed', async (t) => {
    const data = await newDirectory(t);
    await assert.rejects(startHub({ data, devices: ['a b'] }), { name: 'HubError' });
    await (await startHub({ data })).close();
  });

  test('of a newer format is left alone', async (t) => {
    const data = await newDirectory(t);
    await writeFile(join(data, 'format'), '99\n');
    const message = /data of a newer iothub-local: format 99, this one supports 1/;
    await assert.rejects(startHub({ data }), { name: 'DataError', message });
    assert.deepEqual(await readdir(data), ['format']);
  });

  for (const [what, damage] of [
    ['without its records', (data) => rm(join(data, 'records'), { recursive: true })],
    ['with a damaged index', (data) => writeFile(join(data, 'records', 'CURRENT'), 'nothing\n')],
    ['with a damaged format', (data) => writeFile(join(data, 'format'), 'one')],
    [
      'with a record of no device',
      async (data) => {
        const store = await DiskStore.open(data);
        store.scope('devices/d//').put('nonsense', 1);
        await store.close();
      },
    ],
  ]) {
    test(`${what} is said to be damaged`, async (t) => {
      const data = await newDirectory(t);
      await (await startHub({ data, devices: ['d'] })).close();
      await damage(data);
      const message = /^the data (in|of) .* (cannot be read|has an unknown record)/;
      await assert.rejects(startHub({ data }), { name: 'DataError', message });
    });
  }

  test('is created with its parents, readable by the owner only', async (t) => {
    const data = join(await newDirectory(t), 'deep', 'inside');
    await (await startHub({ data })).close();
    assert.deepEqual((await readdir(data)).sort(), ['files', 'format', 'records']);
    if (process.platform !== 'win32') assert.equal((await stat(data)).mode & 0o777, 0o700);
  });

  test('is taken over if a start was killed in the middle', async (t) => {
    const data = await newDirectory(t);
    await mkdir(join(data, 'records'));
    await (await startHub({ data })).close();
  });
});

test('enrollments, their keys and the results of registrations are kept', async (t) => {
  const hub = await KeptHub.start(t, { enrollmentGroups: ['group1'], enrollments: ['one'] });
  const register = async () => {
    const [{ primaryKey }] = hub.started.enrollmentGroups;
    const registrationId = 'sensor';
    const key = deviceKey(primaryKey, registrationId);
    const client = await RegistrationClient.connect(hub, { registrationId, key });
    const { body } = await client.register();
    await client.end();
    return body.registrationState.substatus;
  };
  assert.equal(await register(), 'initialAssignment');
  const { enrollmentGroups } = hub.started;
  const read = () => hub.json('POST', '/enrollments/one/attestationmechanism');
  const attestation = await read();
  await hub.restart();
  assert.deepEqual(hub.started.enrollmentGroups, enrollmentGroups);
  assert.deepEqual(await read(), attestation);
  assert.equal(await register(), 'reprovisionedToInitialAssignment');
});
