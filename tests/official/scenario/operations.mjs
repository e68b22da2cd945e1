/** What a device sends and receives. */
import assert from 'node:assert/strict';

import { assertUpload, base64 } from './steps.mjs';

/** Custom properties that need care, and their values. */
const ODD_PROPERTIES = {
  plain: 'value',
  'sp ace': 'a b',
  'amp&ersand': 'x&y=z',
  'plus+': '1+1=2',
  'slash/': 'a/b?c#d',
  'percent%': '100%25',
  'quote\'"': 'it\'s "q"',
  unié中: 'üñ😀',
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

/** @param {import('./index.mjs').Given} given */
export function testOperations({ test, create, createModule, connect, traits }) {
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
    assert.deepEqual(
      messages.map(({ body }) => body),
      bodies.map(base64),
    );
    assert.deepEqual(
      messages.map(({ dup }) => dup),
      [false, false, false],
    );
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

  test('gets an error if reported properties are refused', async (t) => {
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

  test('serves a module', async (t) => {
    const device = await connect(t, await createModule());
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
