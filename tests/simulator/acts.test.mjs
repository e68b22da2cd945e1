import assert from 'node:assert/strict';

import fastify from 'fastify';

import { callHub } from '../../scripts/start/back-end.mjs';
import {
  behaviourOf,
  createDevice,
  hub,
  only,
  sceneOf,
  sending,
  startDevice,
  test,
} from './support.mjs';

const withoutMetadata = ({ $metadata, ...properties }) => properties;

async function reportedOf(backEnd) {
  return withoutMetadata((await backEnd.twin()).properties.reported);
}

const follower = (reported = {}) => ({ twin: { reported, followsDesired: true } });

test('a device reports at its start what its scene says, including generators', async (t) => {
  const reported = { name: '{{deviceId}}', firmware: { version: '1.4.2' } };
  const twinOfKind = { reported, followsDesired: false };
  const { backEnd, id, details } = await startDevice(t, { twin: twinOfKind });
  const { twin } = await details.until(({ twin }) => twin.reported.name);
  assert.deepEqual(twin.reported, { name: id, firmware: { version: '1.4.2' }, $version: 2 });
  assert.deepEqual(await reportedOf(backEnd), twin.reported);
});

test('reported properties follow the desired ones, including deletions, but not the version', async (t) => {
  const { backEnd, details } = await startDevice(t, follower({ own: true }));
  await details.until(({ twin }) => twin.reported.own);
  // The second patch arrives while the first is being reported.
  await backEnd.setFaults({ delay: { twin: 300 } });
  await backEnd.patchDesired({ fan: 1, lamp: { colour: 'red', level: 3 }, list: [1, 2] });
  await backEnd.patchDesired({ fan: null, lamp: { colour: null } });
  const { twin } = await details.until(({ twin }) => twin.desired.$version === 3);
  assert.deepEqual(twin.desired, { lamp: { level: 3 }, list: [1, 2], $version: 3 });
  const isSame = ({ reported }) => !reported.fan && reported.lamp?.level && !reported.lamp.colour;
  const { twin: after } = await details.until(({ twin }) => isSame(twin));
  const { $version, ...seen } = await reportedOf(backEnd);
  assert.deepEqual(seen, { own: true, lamp: { level: 3 }, list: [1, 2] });
  assert.deepEqual(after.reported, { ...seen, $version });
});

test('without the rule no desired property is reported', async (t) => {
  const { fleet, backEnd, id, details } = await startDevice(t);
  await backEnd.patchDesired({ fan: 1 });
  await details.until(({ twin }) => twin.desired.fan === 1);
  await fleet.reportProperties(id, { last: true });
  assert.deepEqual(await reportedOf(backEnd), { last: true, $version: 2 });
});

test('when a device is back, it follows properties that were desired in the meantime', async (t) => {
  const { fleet, backEnd, details } = await startDevice(t, follower());
  await fleet.stop('all');
  await backEnd.patchDesired({ fan: 1 });
  await fleet.start('all');
  await details.until(({ twin }) => twin.reported.fan === 1);
  await backEnd.setFaults({ connack: 3 });
  await backEnd.drop();
  await backEnd.waitForPackets('connect', 'in', 3);
  await backEnd.patchDesired({ fan: 2 });
  await backEnd.setFaults({ clear: true });
  await details.until(({ twin }) => twin.reported.fan === 2);
});

test('edited properties are reported, and the paths of the changes are known', async (t) => {
  const { fleet, backEnd, id, details } = await startDevice(t);
  await fleet.reportProperties(id, { a: 1, b: { c: 1, d: 1 } });
  await fleet.reportProperties(id, { b: { c: 2, d: null } });
  const { changedPaths } = await details.until(({ twin }) => twin.reported.b?.c === 2);
  assert.deepEqual(changedPaths.reported.sort(), ['b.c', 'b.d']);
  const { reported } = await fleet.getTwin(id);
  assert.deepEqual(reported, await reportedOf(backEnd));
  await assert.rejects(fleet.reportProperties(id, [1]), { name: 'TypeError' });
});

test('the response to a method has its delay, its status, and values of the request', async (t) => {
  const payload = '{"lamp": "{{request.lamp}}", "by": "{{deviceId}}"}';
  const methods = [{ name: 'switch', delayMs: 200, status: 207, payload }];
  const { backEnd, id, details } = await startDevice(t, { methods });
  const answer = await backEnd.invokeMethod('switch', { lamp: 'on' });
  assert.deepEqual(answer, { status: 207, payload: { lamp: 'on', by: id } });
  const { invocations } = await details.until((news) => news.invocations[0]?.status);
  const { time, durationMs, ...invocation } = invocations[0];
  assert.deepEqual(invocation, {
    name: 'switch',
    payload: { lamp: 'on' },
    delayMs: 200,
    status: 207,
    answer: answer.payload,
  });
  assert.ok(durationMs >= 199 && Number.isInteger(time));
});

test('a method that the device does not have is answered with 404', async (t) => {
  const { backEnd, details } = await startDevice(t);
  const { status, payload } = await backEnd.invokeMethod('constructor');
  assert.equal(status, 404);
  assert.match(payload.message, /no method constructor/);
  await details.until(({ invocations }) => invocations[0]?.status === 404);
});

test('the log of invocations is bounded, newest first', async (t) => {
  const { backEnd, details } = await startDevice(t);
  for (let number = 1; number <= 105; number += 1) await backEnd.invokeMethod('m', number);
  const { invocations } = await details.until((news) => news.invocations[0]?.payload === 105);
  assert.deepEqual([invocations.length, invocations.at(-1).payload], [100, 6]);
});

test('a cloud-to-device message arrives with its properties', async (t) => {
  const { backEnd, details } = await startDevice(t);
  const sent = { body: 'Grüße', messageId: 'm1', correlationId: 'c1', contentType: 'text/plain' };
  await backEnd.sendMessage({ ...sent, properties: { colour: 'red' } });
  const { messages } = await details.until((news) => news.messages.length > 0);
  const { text, messageId, correlationId, contentType, properties } = messages[0];
  assert.deepEqual({ body: text, messageId, correlationId, contentType }, sent);
  assert.deepEqual(properties, { colour: 'red' });
});

test('a file is uploaded, and the hub is notified', async (t) => {
  const { fleet, id, details } = await startDevice(t);
  const progress = [];
  const content = 'x'.repeat(100_000);
  await fleet.upload(id, 'März/a b.txt', new Blob([content]), (news) => progress.push(news));
  assert.deepEqual(progress.at(-1), { sent: 100_000, total: 100_000 });
  const { uploads: atHub } = await callHub(hub, 'GET', `/local/devices/${id}/uploads`);
  const [upload] = atHub;
  assert.deepEqual([upload.blobName, upload.isSuccess], [`${id}/März/a b.txt`, true]);
  assert.equal(await (await fetch(upload.blobUrl)).text(), content);
  const { uploads } = await details.until((news) => news.uploads[0]?.state === 'done');
  assert.deepEqual([uploads[0].name, uploads[0].size], ['März/a b.txt', 100_000]);
});

test('a message that is not text is shown as bytes, an empty one as empty', async (t) => {
  const { backEnd, details } = await startDevice(t);
  await backEnd.sendMessage({ body: '' });
  const bodyBase64 = Buffer.from([0xff, 0x00, 0xfe]).toString('base64');
  await backEnd.sendMessage({ bodyBase64 });
  const { messages } = await details.until((news) => news.messages.length > 1);
  const bodies = messages.map(({ size, text, hex }) => ({ size, text, hex }));
  assert.deepEqual(bodies, [
    { size: 3, text: undefined, hex: 'ff 00 fe' },
    { size: 0, text: '', hex: undefined },
  ]);
});

test('an upload is cancelled by its number', async (t) => {
  const silent = fastify({ forceCloseConnections: true });
  silent.post('/*', () => new Promise(() => {}));
  const httpEndpoint = await silent.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => silent.close());
  const { fleet, id, details } = await startDevice(t, {}, { httpEndpoint });
  const failing = assert.rejects(fleet.upload(id, 'a', new Blob(['x'])));
  const { uploads } = await details.until((news) => news.uploads.length === 1);
  fleet.cancelUpload(id, uploads[0].number);
  await failing;
  await details.until((news) => news.uploads[0].state === 'cancelled');
});

test('an upload that fails is reported with what to do', async (t) => {
  const { fleet, backEnd, id, details } = await startDevice(t);
  await backEnd.setFaults({ filesStatus: 404 });
  await assert.rejects(fleet.upload(id, 'a', new Blob(['x'])));
  const { uploads: refused } = await details.until((news) => news.uploads[0]?.state === 'failed');
  assert.match(refused[0].error, /\w\. Check that the device exists\.$/);
  await backEnd.setFaults({ clear: true, noStorage: true });
  await assert.rejects(fleet.upload(id, 'a', new Blob(['x'])), { name: 'ServiceError' });
  const { uploads } = await details.until((news) => news.uploads[1]?.state === 'failed');
  assert.match(uploads[0].error, /storage account/);
});

test('an error is cleared when a report or an upload succeeds', async (t) => {
  const twin = { followsDesired: true };
  const { fleet, backEnd, id, snapshots } = await startDevice(t, { twin });
  const hasError = (expected) =>
    snapshots.until((news) => (only(news).lastError !== undefined) === expected);
  for (const work of [
    () => backEnd.patchDesired({ a: 0 }),
    () => fleet.upload(id, 'a', new Blob(['x'])),
  ]) {
    await backEnd.setFaults({ twinStatus: 400 });
    await backEnd.patchDesired({ a: 1 });
    await hasError(true);
    await backEnd.setFaults({ clear: true });
    await work();
    await hasError(false);
  }
});

test('the error of an upload without a relay names relays, at a local hub too', async (t) => {
  const { fleet, id, details } = await startDevice(t, {}, { httpEndpoint: 'http://127.0.0.1:1' });
  const failing = fleet.upload(id, 'a', new Blob(['x']));
  await assert.rejects(failing, { name: 'ConnectionFailedError' });
  const { uploads } = await details.until((news) => news.uploads[0]?.state === 'failed');
  assert.match(uploads[0].error, /has a relay for file upload/);
});

test('an upload uses the relay that the identity names', async (t) => {
  const asked = [];
  const server = fastify({ forceCloseConnections: true });
  server.post('/*', ({ url }, reply) => {
    asked.push(url);
    return reply.code(403).send();
  });
  const httpEndpoint = await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const { fleet, id } = await startDevice(t, {}, { httpEndpoint });
  await assert.rejects(fleet.upload(id, 'a', new Blob(['x'])), { name: 'ServiceError' });
  assert.equal(asked.length, 1);
  assert.match(asked[0], new RegExp(`^/devices/${id}/files\\?`));
});

test('a changed behaviour applies to running devices immediately', async (t) => {
  const { fleet, backEnd, id, snapshots } = await startDevice(t);
  fleet.setBehaviour('kind', behaviourOf(sending({ template: '{"new": true}' })));
  await snapshots.until((news) => only(news).acknowledged > 1);
  assert.equal((await backEnd.telemetry())[0].text, '{"new":true}');
  const methods = [{ name: 'm', delayMs: 0, status: 1, payload: '2' }];
  fleet.setBehaviour('kind', behaviourOf({ methods }));
  const { sent } = fleet.row(id);
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 1, payload: 2 });
  assert.equal((await backEnd.telemetry()).length, sent);
});

test('with another scene, devices of a missing kind become its first kind', async (t) => {
  const { fleet, snapshots } = await startDevice(t);
  const [first, second] = [behaviourOf(sending({ template: '1' })), behaviourOf()];
  fleet.setScene(sceneOf({ first, second }));
  const news = await snapshots.until((news) => only(news).acknowledged > 0);
  assert.deepEqual([only(news).kind, only(news).last], ['first', 1]);
});

test('an invalid scene is refused with the place of its mistake, and nothing changes', async (t) => {
  const { fleet, backEnd, snapshots } = await startDevice(t, sending());
  const bad = behaviourOf({ telemetry: { template: '{"a":\n "{{x}}"}', isOn: true } });
  const refused = (act, field) =>
    assert.throws(act, ({ message, at }) => {
      assert.ok(message.startsWith(`${field}, line 2, column 3: there is no "x"`), message);
      assert.deepEqual(at, { field, line: 2, column: 3 });
      return true;
    });
  refused(() => fleet.setScene(sceneOf({ kind: bad })), 'kinds.0.behaviour.telemetry.0.template');
  refused(() => fleet.setBehaviour('kind', bad), 'telemetry.0.template');
  await snapshots.until((news) => only(news).acknowledged > 1);
  assert.equal((await backEnd.telemetry())[0].text, '{"number":1}');
});

test('with many devices, changes of counts are reported once a second', async (t) => {
  const { fleet, snapshots } = await startDevice(t, sending({ periodMs: 100 }));
  const atRest = Array.from({ length: 50 }, (_, at) => ({
    connectionString: `HostName=a.azure-devices.net;DeviceId=rest-${at};SharedAccessKey=a2V5`,
  }));
  await fleet.add(atRest, 'kind');
  const seconds = [];
  await snapshots.until(({ series }) => {
    seconds.push(series.time.at(-1));
    return new Set(seconds.slice(-4)).size === 4;
  });
});

test('the preview is the first message of the device, or what is wrong', async (t) => {
  const template = '{"a": "{{range 0 1 9}}", "b": "{{walk 0 1 1 9}}"}';
  const behaviour = behaviourOf(sending({ template, properties: { a: '{{counter}}ü' } }));
  const { fleet, backEnd, id } = await startDevice(t, behaviour);
  const { message } = fleet.preview(behaviour, id);
  const [seen] = await backEnd.waitForTelemetry();
  assert.deepEqual([message.body, message.properties], [seen.text, seen.properties]);
  assert.equal(message.size, seen.text.length);
  const long = { name: 'long', template: JSON.stringify('x'.repeat(1000)) };
  const { longest } = fleet.preview(behaviourOf({ telemetry: [{}, long, {}] }), id);
  assert.deepEqual([longest.name, longest.size], ['long', 1002]);
  const { telemetry } = behaviourOf({ telemetry: { properties: { room: '{{x}}' } } });
  const { error } = fleet.preview({ ...behaviour, telemetry }, id);
  assert.match(error.message, /^telemetry\.0\.properties\.room: there is no "x"/);
});

test('the trace has packets and states of the requested devices, and no secret', async (t) => {
  const { fleet, id, backEnd } = await startDevice(t);
  const other = await createDevice();
  const { connectionString, endpoint } = other;
  await fleet.add([{ connectionString, endpoint }], 'kind');
  let told;
  const disconnected = new Promise((resolve) => {
    const take = (news) => {
      told = news;
      if (news.entries.some(({ name }) => name === 'socket closed')) resolve();
    };
    fleet.trace(take, { ids: [id], limit: 1000 });
  });
  await fleet.start('all');
  await fleet.sendNow(id);
  await fleet.stop([id]);
  await disconnected;
  assert.deepEqual(new Set(told.entries.map((entry) => entry.id)), new Set([id]));
  const names = new Set(told.entries.map(({ name }) => name));
  for (const name of ['socket opening', 'CONNECT', 'CONNACK', 'PUBLISH', 'DISCONNECT']) {
    assert.ok(names.has(name), name);
  }
  const { sequence } = told.entries.find(({ about }) => about.startsWith('telemetry'));
  assert.equal(new TextDecoder().decode(fleet.tracedPayload(id, sequence)), '{"number":1}');
  const exported = fleet.exportTrace();
  const lines = exported
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(new Set(lines.map((line) => line.id)), new Set([id, other.deviceId]));
  assert.doesNotMatch(exported, /SharedAccess|sig=/);
  assert.ok(!exported.includes(backEnd.primaryKey));
});

test('a busy listener is notified again only when it is done', async (t) => {
  const { fleet, details } = await startDevice(t, sending({ periodMs: 10 }));
  let [calls, tell, release] = [0];
  const nextCall = () => new Promise((resolve) => (tell = resolve));
  const first = nextCall();
  fleet.subscribe(() => {
    calls += 1;
    tell();
    return new Promise((resolve) => (release = resolve));
  });
  await first;
  const before = details.last?.values.number?.value.length ?? 0;
  await details.until(({ values }) => values.number?.value.length > before + 80);
  assert.equal(calls, 1);
  const second = nextCall();
  release();
  await second;
});
