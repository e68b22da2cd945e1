/** What a device does, and a back end with it: the same for each of Microsoft's device clients. */
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { Device } from './device.mjs';
import { Driver } from './driver.mjs';
import { describeWithHub } from './support.mjs';

/** Custom properties that need care, and their values. */
const ODD_PROPERTIES = {
  plain: 'value',
  'sp ace': 'a b',
  'amp&ersand': 'x&y=z',
  'plus+': '1+1=2',
  'slash/': 'a/b?c#d',
  'percent%': '100%25',
  'quote\'"': 'it\'s "q"',
  'unié中': 'üñ😀',
  'paren()*!~': "(a)*!~'",
  dollar$x: '$y',
  'semi;colon:': 'a;b:c,@[]{}|\\^`<>',
};

const SYSTEM_PROPERTIES = {
  messageId: 'mid/1',
  correlationId: 'cid 2',
  userId: 'user&3',
  contentType: 'application/json; charset=utf-8',
  contentEncoding: 'utf-8',
  expiryTimeUtc: '2031-02-03T04:05:06.000Z',
};

const base64 = (data) => Buffer.from(data).toString('base64');

/**
 * What differs between the clients.
 * @typedef {object} Traits
 * @property {string} unauthorized name of the error of refused credentials
 * @property {string} twinError name of the error of a twin request that the hub refuses
 * @property {object} systemProperties of telemetry, on top of those that all clients know
 * @property {string | null} nullProperty what a custom property of a message that is null becomes
 * @property {boolean} knowsAck whether `ack` is not just a custom property of a message
 * @property {number} thrown status of a method call whose handler throws
 */

/**
 * @param {string} title
 * @param {string[]} command the program that uses the client
 * @param {Traits} traits
 * @param {string} [missing] why it cannot run here
 */
export function testDeviceClient(title, command, traits, missing) {
  return describeWithHub(title, missing, ({ hub, environment, test }) => {
    const driver = new Driver(command, environment);
    after(() => driver.end());
    defineTests({ hub, driver, test }, traits);
  });
}

function defineTests({ hub, driver, test }, traits) {
  const create = async (settings) =>
    new Device(hub, driver, await hub.createDevice('device', settings));

  /** A device whose client is connected until the end of the test. */
  async function connect(t, device, options) {
    await device.open(options);
    t.after(() => device.call('close'));
    return device;
  }

  test('connects and disconnects', async (t) => {
    const device = await connect(t, await create());
    const [{ clientId, clean, username, password }] = await device.packets('connect', 'in');
    assert.equal(clientId, device.id);
    assert.equal(clean, false);
    assert.ok(username.startsWith(`localhost/${device.id}/?api-version=`), username);
    assert.equal(decodeURIComponent(password.sr), `localhost/devices/${device.id}`);
    assert.equal((await device.local('GET', '')).connected, true);
    const { connections } = await device.local('GET', '/connections');
    assert.deepEqual(
      connections.map(({ url, secure }) => ({ url, secure })),
      [{ url: '/$iothub/websocket', secure: true }],
    );

    await device.call('disconnect');
    await device.packets('disconnect', 'in');
    await device.call('reconnect');
    const [, { sessionPresent, returnCode }] = await device.packets('connack', 'out', 2);
    assert.deepEqual({ sessionPresent, returnCode }, { sessionPresent: true, returnCode: 0 });
  });

  test('is told that a wrong key is refused', async () => {
    const device = await create();
    const wrongKey = device.created.connectionString.replace(/(?<=SharedAccessKey=).*/, base64('k'));
    await assert.rejects(device.open({ connectionString: wrongKey }), { name: traits.unauthorized });
    const [{ returnCode }] = await device.packets('connack', 'out');
    assert.equal(returnCode, 5);
    await device.call('close');
  });

  test('sends telemetry with every property', async (t) => {
    const device = await connect(t, await create());
    const systemProperties = { ...SYSTEM_PROPERTIES, ...traits.systemProperties };
    const body = base64('{"text":"ü😀"}');
    await device.call('send', { body, properties: ODD_PROPERTIES, ...systemProperties });
    const [message] = await device.telemetry();
    assert.equal(message.text, '{"text":"ü😀"}');
    assert.deepEqual(message.properties, ODD_PROPERTIES);
    assert.deepEqual(message.systemProperties, systemProperties);
  });

  test('sends telemetry of any bytes, of none, and of almost 256 KB', async (t) => {
    const device = await connect(t, await create());
    const bodies = [Buffer.from([0, 255, 254, 128]), Buffer.alloc(0), Buffer.alloc(250_000, 7)];
    for (const body of bodies) await device.call('send', { body: base64(body) });
    const messages = await device.telemetry(3);
    assert.deepEqual(messages.map(({ body }) => body), bodies.map(base64));
    assert.deepEqual(messages.map(({ dup }) => dup), [false, false, false]);
    assert.equal((await device.packets('puback', 'out', 3)).length, 3);
  });

  test('fetches its twin', async (t) => {
    const device = await connect(t, await create());
    await device.patchDesired({ interval: 5, nested: { text: 'ü😀', list: [1, { a: '2' }] } });
    const { desired, reported } = await device.call('twin');
    assert.deepEqual(desired, {
      interval: 5,
      nested: { text: 'ü😀', list: [1, { a: '2' }] },
      $version: 2,
    });
    assert.deepEqual(reported, { $version: 1 });
  });

  test('reports properties', async (t) => {
    const device = await connect(t, await create());
    await device.call('report', { patch: { temp: 21.5, gone: 1, n: { x: 1, y: 2 }, u: 'ü😀' } });
    await device.call('report', { patch: { gone: null, n: { x: null }, list: [1, '2'] } });
    const { $metadata, ...reported } = (await device.twin()).properties.reported;
    const expected = { temp: 21.5, n: { y: 2 }, u: 'ü😀', list: [1, '2'], $version: 3 };
    assert.deepEqual(reported, expected);
    assert.ok($metadata.n.y.$lastUpdated);
    assert.deepEqual((await device.call('twin')).reported, expected);
  });

  test('is told that reported properties are refused', async (t) => {
    const device = await connect(t, await create());
    const refused = device.call('report', { patch: { 'no.dots': 1 } });
    await assert.rejects(refused, { name: traits.twinError });
    const answers = await device.packets('publish', 'out');
    assert.ok(answers.at(-1).topic.startsWith('$iothub/twin/res/400/?$rid='));
    assert.equal((await device.twin()).properties.reported.$version, 1);
  });

  test('receives desired properties', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    await device.patchDesired({ interval: 6, nested: { a: 1 }, u: 'ü' });
    const first = await device.next('desired', ({ $version }) => $version === 2);
    assert.deepEqual(first, { interval: 6, nested: { a: 1 }, u: 'ü', $version: 2 });
    await device.patchDesired({ interval: null, nested: { a: null }, only: true });
    const second = await device.next('desired', ({ $version }) => $version === 3);
    assert.deepEqual(second, { interval: null, nested: { a: null }, only: true, $version: 3 });
    const { $metadata, ...desired } = (await device.twin()).properties.desired;
    assert.deepEqual(desired, { nested: {}, u: 'ü', only: true, $version: 3 });
    assert.ok($metadata.only);
  });

  test('answers direct methods, whatever their payload', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    for (const payload of [{ a: [1, null, 'ü😀'] }, null, [], [1, 'x'], 'text', '', 0, true]) {
      const { status, body } = await device.invoke('echo', payload);
      assert.deepEqual({ status, body }, { status: 200, body: { status: 200, payload } });
      assert.deepEqual(await device.next('method'), { name: 'echo', payload });
    }
    assert.deepEqual((await device.invoke('nothing')).body, { status: 204, payload: null });
    const { body } = await device.invoke('refuse');
    assert.deepEqual(body, { status: 403, payload: { why: 'not today' } });
  });

  test('leaves direct methods without an answer', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    const invoke = async (name) => {
      const { status, body, headers } = await device.invoke(name);
      return status === 200 ? body.status : headers.get('iothub-errorcode');
    };
    const outcomes = await Promise.all(['silent', 'unknown', 'throw'].map(invoke));
    assert.deepEqual(outcomes, ['GatewayTimeout', 'GatewayTimeout', traits.thrown]);

    await device.call('disconnect');
    await device.packets('disconnect', 'in');
    assert.equal(await invoke('echo'), 'DeviceNotOnline');
  });

  test('receives messages with every property', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    const properties = { ...ODD_PROPERTIES, empty: '', nothing: null };
    const message = { body: 'full ü', ...SYSTEM_PROPERTIES, ack: 'full', properties };
    await device.local('POST', '/messages', message);
    assert.deepEqual(await device.next('message'), {
      body: base64('full ü'),
      ...SYSTEM_PROPERTIES,
      ...(traits.knowsAck && { ack: 'full' }),
      properties: {
        ...properties,
        nothing: traits.nullProperty,
        ...(!traits.knowsAck && { 'iothub-ack': 'full' }),
      },
    });
    await device.packets('puback', 'in');
    assert.equal((await device.local('GET', '')).pendingMessages, 0);
  });

  test('receives messages that were sent while it was away', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    await device.call('disconnect');
    await device.packets('disconnect', 'in');
    const bodies = ['one', 'two', 'three'];
    for (const body of bodies) await device.local('POST', '/messages', { body });
    assert.equal((await device.local('GET', '')).pendingMessages, 3);
    await device.call('reconnect');
    for (const body of bodies) assert.equal((await device.next('message')).body, base64(body));
    await device.packets('puback', 'in', 3);
    assert.equal((await device.local('GET', '')).pendingMessages, 0);
  });

  test('uploads a file', async (t) => {
    const device = await connect(t, await create());
    await assertUpload(device);
  });

  /** Of more than one block, for a client that cuts files into blocks. */
  async function assertUpload(device) {
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

  test('is let in by the thumbprint of its certificate', async (t) => {
    const certificate = await hub.started.issueSelfSignedCertificate('thumbprint');
    const { sha1Thumbprint: primaryThumbprint } = certificate;
    const device = await create({ authentication: { type: 'selfSigned', primaryThumbprint } });
    await assertCertificate(t, device, certificate);

    const other = await hub.started.issueSelfSignedCertificate('thumbprint');
    const stranger = await create({ authentication: { type: 'selfSigned', primaryThumbprint } });
    const refused = stranger.open({ certificate: other });
    await assert.rejects(refused, { name: traits.unauthorized });
    await stranger.call('close');
  });

  test('is let in by the authority of its certificate', async (t) => {
    const device = await create({ authentication: { type: 'certificateAuthority' } });
    await assertCertificate(t, device, await device.local('POST', '/certificate'));
  });

  /** Connection and upload take it. */
  async function assertCertificate(t, device, certificate) {
    await connect(t, device, { certificate });
    const [{ password }] = await device.packets('connect', 'in');
    assert.equal(password, undefined);
    const { connections } = await device.local('GET', '/connections');
    assert.ok(connections[0].clientCertificate);
    await device.call('send', { body: base64('by certificate') });
    assert.equal((await device.telemetry())[0].text, 'by certificate');
    await assertUpload(device);
  }

  /** One of each: desired properties, method, message, telemetry. */
  async function exchange(device, tag) {
    await device.patchDesired({ tag });
    await device.next('desired', (patch) => patch.tag === tag);
    assert.deepEqual((await device.invoke('echo', tag)).body, { status: 200, payload: tag });
    await device.local('POST', '/messages', { body: tag });
    assert.equal((await device.next('message')).body, base64(tag));
    await device.call('send', { body: base64(tag) });
    const messages = await device.telemetry();
    assert.equal(messages.at(-1).text, tag);
  }

  test('connects again with a new token before the old one expires', async (t) => {
    const device = await connect(t, await create(), { tokenLifetime: 4 });
    await device.listen();
    await exchange(device, 'before');
    const [{ returnCode }] = (await device.packets('connack', 'out', 2)).slice(1);
    assert.equal(returnCode, 0);
    const [first, second] = await device.packets('connect', 'in', 2);
    assert.ok(second.password.se > first.password.se, 'the token is the same');
    const now = Date.parse(second.time) / 1000;
    assert.ok(first.password.se > now, 'the token expired before it was renewed');
    await exchange(device, 'after');
  });

  test('comes back after its connection was dropped', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    for (const [index, how] of ['reset', 'close'].entries()) {
      await exchange(device, `before ${how}`);
      assert.deepEqual(await device.local('POST', `/disconnect?how=${how}`), { dropped: true });
      const connack = (await device.packets('connack', 'out', index + 2)).at(-1);
      assert.deepEqual([connack.returnCode, connack.sessionPresent], [0, true]);
      await exchange(device, `after ${how}`);
    }
  });

  test('loses no telemetry when its connection is dropped', async (t) => {
    const device = await connect(t, await create());
    await device.local('POST', '/faults', { withhold: ['puback'] });
    const sending = device.call('send', { body: base64('unacknowledged') });
    await device.telemetry();
    await device.local('POST', '/faults', { clear: true });
    await device.local('POST', '/disconnect?how=reset');
    await sending;
    const texts = (await device.telemetry(2)).map(({ text }) => text);
    assert.deepEqual(texts, ['unacknowledged', 'unacknowledged']);
  });

  test('serves a module', async (t) => {
    const created = await hub.createModule();
    const device = await connect(t, new Device(hub, driver, created));
    const [{ clientId }] = await device.packets('connect', 'in');
    assert.equal(clientId, device.id);
    await device.call('send', { body: base64('out'), output: 'out 1', properties: { a: 'b' } });
    const [{ text, properties, systemProperties }] = await device.telemetry();
    assert.deepEqual({ text, properties }, { text: 'out', properties: { a: 'b' } });
    assert.deepEqual(systemProperties, { outputName: 'out 1' });

    await device.listen();
    await device.call('report', { patch: { a: 1 } });
    assert.equal((await device.twin()).properties.reported.a, 1);
    await device.patchDesired({ b: 2 });
    await device.next('desired', ({ b }) => b === 2);
    assert.deepEqual((await device.invoke('echo', 'x')).body, { status: 200, payload: 'x' });
    await device.local('POST', '/inputs/in1', { body: 'input', properties: { c: 'd' } });
    const input = await device.next('message');
    assert.deepEqual([input.inputName, input.body], ['in1', base64('input')]);
    assert.equal(input.properties.c, 'd');
  });
}
