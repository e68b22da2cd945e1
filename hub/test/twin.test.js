import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();
const DESIRED = '$iothub/twin/PATCH/properties/desired/#';
const TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/;
const NEVER = '0001-01-01T00:00:00Z';

const twinOf = ({ deviceId }) => hub.json('GET', `/twins/${deviceId}`);
const patchDesired = ({ deviceId }, desired) =>
  hub.json('PATCH', `/twins/${deviceId}`, { properties: { desired } });

async function connect(device, filter = '$iothub/twin/res/#', qos = 1) {
  const client = await MqttClient.connect(hub, device);
  await client.subscribe(filter, qos);
  return client;
}

async function getTwin(client) {
  await client.publish('$iothub/twin/GET/?$rid=get');
  const { topic, text } = await client.next();
  assert.equal(topic, '$iothub/twin/res/200/?$rid=get');
  return JSON.parse(text);
}

/** Sends a reported patch (text, or a value as JSON) and returns the response. */
async function report(client, patch, query = '$rid=patch') {
  const payload = typeof patch === 'string' ? patch : JSON.stringify(patch);
  await client.publish(`$iothub/twin/PATCH/properties/reported/?${query}`, payload);
  return client.next();
}

/** An object with this many levels below it. */
function nested(levels) {
  return levels === 0 ? 'leaf' : { a: nested(levels - 1) };
}

describe('a new twin', () => {
  test('has version 2, and 1 in both sections', async () => {
    const device = await hub.createDevice();
    const twin = await twinOf(device);
    assert.equal(twin.deviceId, device.deviceId);
    assert.equal(twin.version, 2);
    assert.equal(twin.etag, 'AAAAAAAAAAE=');
    assert.equal(twin.status, 'enabled');
    assert.equal(twin.connectionState, 'Disconnected');
    assert.equal(twin.lastActivityTime, NEVER);
    assert.deepEqual(twin.tags, {});
    const fresh = { $metadata: { $lastUpdated: NEVER }, $version: 1 };
    assert.deepEqual(twin.properties, { desired: fresh, reported: fresh });
  });

  test('of no device is 404', async () => {
    const answer = await hub.call('GET', '/twins/nobody?api-version=2021-04-12');
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('iothub-errorcode'), 'DeviceNotFound');
    assert.equal(answer.body.Message, 'ErrorCode:DeviceNotFound;NotFound');
    assert.match(answer.body.ExceptionMessage, /^There is no device "nobody"\. Tracking ID:\w+-G:/);
  });
});

describe('a device gets its twin', () => {
  test('without tags and metadata', async () => {
    const device = await hub.createDevice();
    await hub.json('PATCH', `/twins/${device.deviceId}`, {
      tags: { place: 'here' },
      properties: { desired: { a: { b: 1 } } },
    });
    const client = await connect(device);
    assert.deepEqual(await getTwin(client), {
      desired: { a: { b: 1 }, $version: 2 },
      reported: { $version: 1 },
    });
    await client.end();
  });

  test('with the body of one space that some clients send', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    await client.publish('$iothub/twin/GET/?$rid=1', ' ');
    assert.equal((await client.next()).topic, '$iothub/twin/res/200/?$rid=1');
    await client.end();
  });

  test('with the request id as it was sent', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    await client.publish('$iothub/twin/GET/?$rid=a-%20=b');
    assert.equal((await client.next()).topic, '$iothub/twin/res/200/?$rid=a-%20=b');
    await client.end();
  });

  test('at the QoS of its subscription, and only with one', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    await client.publish('$iothub/twin/GET/?$rid=lost');
    for (const qos of [0, 1]) {
      await client.subscribe('$iothub/twin/res/#', qos);
      await client.publish(`$iothub/twin/GET/?$rid=${qos}`);
      const { topic, packet } = await client.next();
      assert.equal(topic, `$iothub/twin/res/200/?$rid=${qos}`);
      assert.equal(packet.qos, qos);
    }
    await client.end();
  });
});

test('the setting twinQos lowers the QoS of answers', async (t) => {
  await hub.set(t, { twinQos: 0 });
  const client = await connect(await hub.createDevice());
  await client.publish('$iothub/twin/GET/?$rid=1');
  assert.equal((await client.next()).packet.qos, 0);
  await client.end();
});

describe('a reported patch', () => {
  test('merges, deletes with null and counts the version', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const first = await report(client, { a: { b: 1, c: 2 }, list: [1, { d: 2 }], gone: true });
    assert.equal(first.topic, '$iothub/twin/res/204/?$rid=patch&$version=2');
    assert.equal(first.payload.length, 0);
    const second = await report(client, { a: { b: null, e: { f: null } }, gone: null, text: 'x' });
    assert.equal(second.topic, '$iothub/twin/res/204/?$rid=patch&$version=3');
    assert.deepEqual((await getTwin(client)).reported, {
      a: { c: 2, e: {} },
      list: [1, { d: 2 }],
      text: 'x',
      $version: 3,
    });
    await client.end();
  });

  test('accepts the key __proto__ as an ordinary one', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    await report(client, '{"__proto__":{"polluted":1}}');
    await client.publish('$iothub/twin/GET/?$rid=get');
    assert.match((await client.next()).text, /"reported":\{"__proto__":\{"polluted":1\},/);
    assert.equal({}.polluted, undefined);
    await client.end();
  });

  test('stamps the metadata of what it touched', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    await report(client, { a: { b: 1 }, c: 2 });
    const first = (await twinOf(device)).properties.reported.$metadata;
    assert.match(first.$lastUpdated, TIME);
    assert.deepEqual(first, {
      $lastUpdated: first.$lastUpdated,
      a: { $lastUpdated: first.$lastUpdated, b: { $lastUpdated: first.$lastUpdated } },
      c: { $lastUpdated: first.$lastUpdated },
    });
    await report(client, { a: { d: 3 }, c: null });
    const second = (await twinOf(device)).properties.reported.$metadata;
    assert.deepEqual(Object.keys(second), ['$lastUpdated', 'a']);
    assert.equal(second.a.b.$lastUpdated, first.$lastUpdated);
    assert.equal(second.a.d.$lastUpdated, second.$lastUpdated);
    await client.end();
  });

  test('leaves the etag and the desired version alone', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const before = await twinOf(device);
    await report(client, { a: 1 });
    const after = await twinOf(device);
    assert.equal(after.version, before.version + 1);
    assert.equal(after.etag, before.etag);
    assert.equal(after.properties.desired.$version, 1);
    await client.end();
  });

  test('is answered with 412 when its base version is not the current one', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const right = await report(client, { a: 1 }, '$rid=1&$version=1');
    assert.equal(right.topic, '$iothub/twin/res/204/?$rid=1&$version=2');
    const wrong = await report(client, { a: 2 }, '$rid=2&$version=1');
    assert.equal(wrong.topic, '$iothub/twin/res/412/?$rid=2');
    assert.equal((await getTwin(client)).reported.a, 1);
    await client.end();
  });

  const refused = {
    'is not JSON': '{"a":',
    'is empty': '',
    'is not an object': [1],
    'is null': 'null',
    'has $version': { $version: 3 },
    'has a key with a dollar sign deep inside': { a: { b: { $c: 1 } } },
    'has a key with a dot': { 'a.b': 1 },
    'has a key with a space': { 'a b': 1 },
    'has a key with a control character': { 'a\u0007': 1 },
    'has a key over 1 KB': { ['k'.repeat(1025)]: 1 },
    'has a string over 4 KB': { a: 'x'.repeat(4097) },
    'has an integer that is too large': '{"a":4503599627370496}',
    'has null in an array': { a: [1, null] },
    'has null deep inside of an array': { a: [{ b: { c: null } }] },
    'has null in an array of an array': { a: [[null]] },
    'has 11 levels': nested(12),
    'has arrays of very many levels': `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    'exceeds 32 KB': Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [`k${n}`, 'x'.repeat(4000)]),
    ),
  };
  for (const [name, patch] of Object.entries(refused)) {
    test(`is answered with 400 when it ${name}`, async () => {
      const device = await hub.createDevice();
      const client = await connect(device);
      const { topic, text } = await report(client, patch);
      assert.equal(topic, '$iothub/twin/res/400/?$rid=patch');
      const error = JSON.parse(text);
      assert.equal(error.errorCode, 400004);
      assert.equal(typeof error.message, 'string');
      assert.match(error.trackingId, /^[0-9A-F]{32}-G:0-TimeStamp:/);
      assert.ok(Date.parse(error.timestampUtc) > 0);
      assert.deepEqual((await getTwin(client)).reported, { $version: 1 });
      await client.end();
    });
  }

  test('may use every limit to the full', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const values = { n: 4503599627370495, deep: nested(10), ['k'.repeat(1024)]: 'x'.repeat(4096) };
    for (let n = 0; n < 6; n++) values[`text${n}`] = 'x'.repeat(4096);
    const { topic } = await report(client, values);
    assert.equal(topic, '$iothub/twin/res/204/?$rid=patch&$version=2');
    await client.end();
  });

  test('is refused when it and the existing properties exceed 32 KB together', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const half = (name) =>
      Object.fromEntries(Array.from({ length: 5 }, (_, n) => [name + n, 'x'.repeat(4000)]));
    assert.match((await report(client, half('a'))).topic, /\/204\//);
    assert.match((await report(client, half('b'))).topic, /\/400\//);
    await client.end();
  });
});

describe('desired properties', () => {
  test('are pushed as they were written, with their version', async () => {
    const device = await hub.createDevice();
    await patchDesired(device, { old: 1 });
    const client = await connect(device, DESIRED);
    await patchDesired(device, { a: { b: 1 }, old: null });
    const { topic, text, packet } = await client.next();
    assert.equal(topic, '$iothub/twin/PATCH/properties/desired/?$version=3');
    assert.deepEqual(JSON.parse(text), { a: { b: 1 }, old: null, $version: 3 });
    assert.equal(packet.qos, 1);
    await client.end();
  });

  test('are pushed at QoS 0 to a subscription at QoS 0', async () => {
    const device = await hub.createDevice();
    const client = await connect(device, DESIRED, 0);
    await patchDesired(device, { a: 1 });
    assert.equal((await client.next()).packet.qos, 0);
    await client.end();
  });

  test('are not pushed without the subscription, nor later', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    await patchDesired(device, { a: 1 });
    await client.subscribe(DESIRED);
    assert.equal((await getTwin(client)).desired.$version, 2);
    assert.equal(client.unread, 0);
    await client.end();
  });

  test('stamp time and version of what they touched', async () => {
    const device = await hub.createDevice();
    await patchDesired(device, { a: { b: 1 }, c: 1 });
    await patchDesired(device, { a: { d: 1 } });
    const { $metadata, $version } = (await twinOf(device)).properties.desired;
    assert.equal($version, 3);
    assert.equal($metadata.$lastUpdatedVersion, 3);
    assert.equal($metadata.c.$lastUpdatedVersion, 2);
    assert.equal($metadata.a.$lastUpdatedVersion, 3);
    assert.equal($metadata.a.b.$lastUpdatedVersion, 2);
    assert.equal($metadata.a.d.$lastUpdatedVersion, 3);
    assert.match($metadata.a.d.$lastUpdated, TIME);
  });

  test('are replaced by PUT, tags alike, and pushed whole', async () => {
    const device = await hub.createDevice();
    await hub.json('PATCH', `/twins/${device.deviceId}`, {
      tags: { a: 1 },
      properties: { desired: { a: 1, b: 2 } },
    });
    const client = await connect(device, DESIRED);
    const twin = await twinOf(device);
    const { desired } = twin.properties;
    delete desired.a;
    await hub.json('PUT', `/twins/${device.deviceId}`, { tags: { t: 1 }, properties: { desired } });
    assert.deepEqual(JSON.parse((await client.next()).text), { b: 2, $version: 3 });
    const after = await twinOf(device);
    assert.deepEqual(after.tags, { t: 1 });
    assert.equal(after.properties.desired.a, undefined);
    await client.end();
  });
});

describe('a write of a back end', () => {
  test('changes the etag, which If-Match compares', async () => {
    const device = await hub.createDevice();
    const path = `/twins/${device.deviceId}`;
    const { etag } = await twinOf(device);
    const patch = (value) => hub.call('PATCH', path, { tags: { a: 1 } }, { 'if-match': value });
    const first = await patch(`"${etag}"`);
    assert.equal(first.status, 200);
    assert.notEqual(first.body.etag, etag);
    const second = await patch(`"${etag}"`);
    assert.equal(second.status, 412);
    assert.equal(second.headers.get('iothub-errorcode'), 'PreconditionFailed');
    assert.equal((await patch('"*"')).status, 200);
    assert.equal((await patch('*')).status, 200);
  });

  test('is refused whole when one part is wrong', async () => {
    const device = await hub.createDevice();
    for (const body of [
      { tags: { a: 1 }, properties: { desired: { 'b.c': 1 } } },
      { tags: { a: 'x'.repeat(4097) }, properties: { desired: { b: 1 } } },
      { tags: { ['k'.repeat(1000)]: 1, a: 'x'.repeat(4000), b: 'x'.repeat(4000) } },
      { tags: 1 },
      { properties: { desired: [] } },
      [],
    ]) {
      const answer = await hub.call('PATCH', `/twins/${device.deviceId}`, body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(answer.headers.get('iothub-errorcode'), 'ArgumentInvalid');
    }
    const twin = await twinOf(device);
    assert.equal(twin.version, 2);
    assert.deepEqual(twin.tags, {});
  });
});

test('the twin shows whether the device is connected', async () => {
  const device = await hub.createDevice();
  const client = await RawClient.connect(hub, device);
  const twin = await twinOf(device);
  assert.equal(twin.connectionState, 'Connected');
  assert.notEqual(twin.lastActivityTime, NEVER);
  await client.close();
});
