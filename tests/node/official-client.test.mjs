/**
 * Repeats the calls of recorded sessions of Microsoft's Python client: this client sends the same,
 * except for the listed differences. See `official-client/`.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { startHub } from 'iothub-local';

import { BackEnd, callHub } from '../../scripts/start/back-end.mjs';
import {
  DIFFERENCES,
  expectedCalls,
  expectedConnections,
  expectedReceived,
  seen,
} from './official-client/differences.mjs';
import {
  observeConnections,
  observeMessage,
  shorten,
  startRelay,
} from './official-client/observed.mjs';
import {
  ClientError,
  Inbox,
  IoTHubDeviceClient,
  Message,
  MethodResponse,
  ServiceError,
  X509,
  createClient,
  hub,
  test,
  waitForPacket,
  within,
} from './support.mjs';

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
  empty: '',
  'paren()*!~': "(a)*!~'",
  dollar$x: '$y',
  'semi;colon:': 'a;b:c,@[]{}|\\^`<>',
};

async function recorded(name) {
  return JSON.parse(await readFile(new URL(`official-client/${name}.json`, import.meta.url)));
}

/** The device or module sent what the recording predicts. */
async function assertAsRecorded(name, path, itsHub = hub) {
  const { connections } = await recorded(name);
  const observed = await observeConnections(itsHub, path);
  assert.deepEqual(shorten(observed), shorten(expectedConnections(connections)));
}

const createDevice = (name, itsHub = hub) => BackEnd.createDevice(itsHub, name);

/** Shuts down, and waits until the hub has seen it. */
async function leave(client, backEnd, connections = 1) {
  await client.shutdown();
  await backEnd.waitForPackets('disconnect', 'in', connections);
}

/** Sets the handlers one after the other, like blocking calls, and fetches the twin. */
async function listen(client, backEnd) {
  const inboxes = { messages: new Inbox('message'), patches: new Inbox('patch') };
  client.onMessageReceived = inboxes.messages.put;
  await backEnd.waitForPackets('suback', 'out', 1);
  client.onTwinDesiredPropertiesPatchReceived = inboxes.patches.put;
  await inboxes.patches.take();
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, 200, { ok: true });
  await backEnd.waitForPackets('suback', 'out', 4);
  await client.getTwin();
  return inboxes;
}

/** One of each: message, desired patch, method, telemetry. */
async function exchange(client, backEnd, { messages, patches }, tag) {
  await backEnd.sendMessage({ body: `c2d ${tag}` });
  assert.equal((await messages.take()).text(), `c2d ${tag}`);
  await backEnd.patchDesired({ tag });
  assert.equal((await patches.take()).tag, tag);
  assert.equal((await backEnd.invokeMethod(`m-${tag}`)).status, 200);
  await client.sendMessage(`t ${tag}`);
}

/** Waits until a connection has fetched its first twin. */
async function waitForTwin(backEnd, connection) {
  const isAnswer = (packet) =>
    packet.connection === connection && packet.topic.startsWith('$iothub/twin/res/');
  await waitForPacket(backEnd, 'publish', 'out', isAnswer);
}

function fullMessage() {
  const message = new Message('hello ü', {
    messageId: 'mid-1',
    contentEncoding: 'utf-8',
    contentType: 'application/json',
  });
  message.correlationId = 'cid/2';
  message.userId = 'user 3';
  message.expiryTimeUtc = new Date(Date.UTC(2030, 0, 2, 3, 4, 5));
  Object.assign(message.customProperties, ODD_PROPERTIES);
  return message;
}

test('telemetry', async (t) => {
  const backEnd = await createDevice('py-telemetry');
  const client = createClient(t, backEnd);
  await client.connect();
  await client.sendMessage('just a string');
  await client.sendMessage(Buffer.from('AAH/IGJpbmFyeQ==', 'base64'));
  await client.sendMessage('');
  await client.sendMessage(fullMessage());
  const custom = new Message('x');
  Object.assign(custom.customProperties, { b: '2', a: '1' });
  await client.sendMessage(custom);
  await client.sendMessage('k'.repeat(200 * 1024));
  await assert.rejects(client.sendMessage('k'.repeat(256 * 1024 + 1)), RangeError);
  const security = new Message('sec');
  security.setAsSecurityMessage();
  await client.sendMessage(security);
  await client.sendMessage({ a: 1 });
  await client.sendMessage(null);
  await Promise.all(Array.from({ length: 20 }, (_, n) => client.sendMessage(`burst ${n}`)));
  await client.disconnect();
  await client.sendMessage('auto-connect');
  await leave(client, backEnd, 2);
  await assertAsRecorded('telemetry', backEnd.deviceId);
});

test('twin', async (t) => {
  const backEnd = await createDevice('py-twin');
  const client = createClient(t, backEnd);
  await client.connect();
  await client.getTwin();
  const reported = { temp: 21.5, gone: 1, n: { x: 1, y: 2 }, u: 'ü😀', arr: [1, '2'] };
  await client.patchTwinReportedProperties(reported);
  await client.patchTwinReportedProperties({ gone: null, n: { x: null } });
  await client.patchTwinReportedProperties({});
  const patches = new Inbox('patch');
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  await patches.take();
  await backEnd.patchDesired({ interval: 6, nested: { a: null }, u: 'ü' });
  await patches.take();
  await backEnd.patchDesired({ interval: null, nested: null, u: null, only: true });
  await patches.take();
  await leave(client, backEnd);
  await assertAsRecorded('twin', backEnd.deviceId);
});

test('direct methods', async (t) => {
  const answers = {
    echo: ({ payload }) => [200, payload],
    nothing: () => [204],
    fail: () => [500, { err: 'ü' }],
    'odd name %/?': () => [201, 's'],
  };
  const backEnd = await createDevice('py-methods');
  const client = createClient(t, backEnd);
  client.onBackgroundException = () => {};
  await client.connect();
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, ...(answers[request.name]?.(request) ?? [404]));
  await backEnd.waitForPackets('suback', 'out');
  await backEnd.invokeMethod('echo', { a: [1, null, 'ü'] });
  await backEnd.invokeMethod('nothing');
  await backEnd.invokeMethod('fail', 1);
  await backEnd.invokeMethod('unknown');
  await backEnd.invokeMethod('odd name %/?', 'x');
  await backEnd.invokeMethod('slow', 'x');
  await backEnd.invokeMethod('echo', { big: 'x'.repeat(100_000) });
  await invokeRaw(backEnd, 'notjson', '{not json');
  await invokeRaw(backEnd, 'echo', '');
  await assert.rejects(client.sendMethodResponse(new MethodResponse('nosuch', 200)), ClientError);
  client.onMethodRequestReceived = null;
  await backEnd.waitForPackets('unsuback', 'out');
  await leave(client, backEnd);
  await assertAsRecorded('methods', backEnd.deviceId);
});

/** Calls a method at QoS 0 with a body that the service would refuse. */
async function invokeRaw(backEnd, name, body) {
  const topic = Buffer.from(`$iothub/methods/POST/${name}/?$rid=${name}`);
  const rest = Buffer.concat([Buffer.from([0, topic.length]), topic, Buffer.from(body)]);
  const packet = Buffer.concat([Buffer.from([0x30, rest.length]), rest]);
  await backEnd.setFaults({ send: packet.toString('hex') });
  await waitForPacket(backEnd, 'publish', 'in', ({ topic }) => topic.endsWith(`$rid=${name}`));
}

test('cloud-to-device messages', async (t) => {
  const backEnd = await createDevice('py-c2d');
  const client = createClient(t, backEnd);
  const messages = new Inbox('message');
  await client.connect();
  client.onMessageReceived = messages.put;
  await backEnd.waitForPackets('suback', 'out');
  const full = {
    messageId: 'm/1',
    correlationId: 'c 2',
    userId: 'u&3',
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: 'utf-8',
    expiryTimeUtc: '2031-01-01T00:00:00.000Z',
    ack: 'full',
    properties: { ...ODD_PROPERTIES, nullprop: null },
  };
  const binary = Buffer.from([0, 1, 255, 128]).toString('base64');
  const bodies = [{ bodyBase64: binary }, { body: 'z'.repeat(60_000) }];
  for (const message of [{ body: 'hi' }, { body: 'full ü', ...full }, ...bodies]) {
    await backEnd.sendMessage(message);
    await messages.take();
  }
  await client.disconnect();
  for (const n of [0, 1, 2]) await backEnd.sendMessage({ body: `offline ${n}` });
  await client.connect();
  for (const n of [0, 1, 2]) assert.equal((await messages.take()).text(), `offline ${n}`);
  await backEnd.sendMessage({ body: 'twice', messageId: 'dup' });
  await messages.take();
  await backEnd.setFaults({ redeliver: {} });
  await backEnd.waitForPackets('puback', 'in', 9);
  await leave(client, backEnd, 2);
  await assertAsRecorded('c2d', backEnd.deviceId);
  const { received } = await recorded('c2d');
  assert.deepEqual(messages.all.map(observeMessage), expectedReceived(received));
});

test('drops and reconnects', async (t) => {
  const backEnd = await createDevice('py-drop_reconnect');
  const client = createClient(t, backEnd);
  client.onBackgroundException = () => {};
  await client.connect();
  const inboxes = await listen(client, backEnd);
  await exchange(client, backEnd, inboxes, 'first');
  // A FIN without a WebSocket close is the one thing that the local hub cannot do.
  const drops = [
    ['reset', 'after-rst'],
    ['close', 'after-fin'],
    ['close', 'after-ws-close'],
  ];
  for (const [index, [how, tag]] of drops.entries()) {
    await backEnd.drop(how);
    await waitForTwin(backEnd, index + 2);
    await exchange(client, backEnd, inboxes, tag);
  }
  await leave(client, backEnd);
  await assertAsRecorded('drop-reconnect', backEnd.deviceId);
});

test('renewal of a SAS token', async (t) => {
  const backEnd = await createDevice('py-sas_renewal');
  const client = createClient(t, backEnd, { sasTokenTtl: 4 });
  await client.connect();
  const inboxes = await listen(client, backEnd);
  let sent = 0;
  const sendUpTo = async (end) => {
    while (sent < end) await client.sendMessage(`n${sent++}`);
  };
  for (const [connection, end] of [
    [2, 8],
    [3, 16],
  ]) {
    await sendUpTo(end);
    await waitForTwin(backEnd, connection);
  }
  await sendUpTo(20);
  await exchange(client, backEnd, inboxes, 'after-renewal');
  await leave(client, backEnd, 3);
  await assertAsRecorded('sas-renewal', backEnd.deviceId);
});

test('a module', async (t) => {
  const path = 'py-mod/modules/m1';
  const call = (method, rest, body) => callHub(hub, method, `/local/devices/${path}${rest}`, body);
  const { connectionString, endpoint } = await call('PUT', '');
  const client = createClient(t, { connectionString, endpoint });
  await client.connect();
  await client.sendMessage(fullMessage());
  await client.sendMessage(new Message('x', { outputName: 'out 1' }));
  await client.getTwin();
  await client.patchTwinReportedProperties({ a: 1 });
  const inputs = new Inbox('input');
  client.onMessageReceived = inputs.put;
  const input = { body: 'p', messageId: '1', properties: { a: 'b' } };
  await call('GET', '/packets?type=suback&count=2&timeout=20');
  await call('POST', '/inputs/in1', input);
  assert.equal((await inputs.take()).inputName, 'in1');
  await client.shutdown();
  await call('GET', '/packets?type=disconnect&timeout=20');
  await assertAsRecorded('module-client', path);
});

test('a device id with every character that one may have', async (t) => {
  const backEnd = await createDevice("py.odd:1=@$'!*(),_-%41");
  const client = createClient(t, backEnd);
  await client.connect();
  await client.sendMessage('x');
  await client.getTwin();
  await leave(client, backEnd);
  await assertAsRecorded('odd-device-id', encodeURIComponent(backEnd.deviceId));

  const relay = await startRelay(t, hub);
  await createClient(t, backEnd, { endpoint: relay.endpoint }).getStorageInfoForBlob('f.txt');
  assert.deepEqual(relay.calls, expectedCalls((await recorded('odd-device-id')).http));
});

test('product info and model id', async (t) => {
  const backEnd = await createDevice('py-product_info');
  const infos = ['my prod/1.0 (x;y)&z=ü', 'dtmi:com:example:Thermostat;1'];
  for (const [index, productInfo] of infos.entries()) {
    const client = createClient(t, backEnd, { productInfo });
    await client.connect();
    await leave(client, backEnd, index + 1);
  }
  await assertAsRecorded('product-info', backEnd.deviceId);
});

test('file upload', async (t) => {
  const backEnd = await createDevice('py-file_upload');
  const relay = await startRelay(t, hub);
  const client = createClient(t, backEnd, { endpoint: relay.endpoint });
  const first = await client.getStorageInfoForBlob('folder/f ü&1.txt');
  await client.notifyBlobUploadStatus(first.correlationId, true, 200, 'OK');
  const second = await client.getStorageInfoForBlob('g.bin');
  await client.notifyBlobUploadStatus(second.correlationId, false, 403, 'broken');
  await assert.rejects(client.notifyBlobUploadStatus('nosuch', true, 200, 'OK'), ServiceError);
  await client.getStorageInfoForBlob('i');
  assert.deepEqual(relay.calls, expectedCalls((await recorded('file-upload')).http));
});

test('connect and disconnect, and a certificate, over TLS', async (t) => {
  const secureHub = await startHub({ https: true });
  t.after(() => secureHub.close());
  const gateway = `localhost:${new URL(secureHub.secureUrl).port}`;
  const options = { endpoint: undefined, serverVerificationCert: secureHub.ca };

  const backEnd = await createDevice('py-connect_disconnect', secureHub);
  const connectionString = `${backEnd.connectionString};GatewayHostName=${gateway}`;
  const client = createClient(t, { connectionString }, options);
  await client.connect();
  await client.disconnect();
  await client.connect();
  await leave(client, backEnd, 2);
  await assertAsRecorded('connect-disconnect', backEnd.deviceId, secureHub);

  const device = await createCertified('py-x509', secureHub);
  const certified = IoTHubDeviceClient.createFromX509Certificate(
    device.x509,
    secureHub.hostname,
    'py-x509',
    { ...options, gatewayHostname: gateway, connectionRetryInterval: 0.2 },
  );
  t.after(() => within(10, certified.shutdown(), 'shutdown did not end'));
  certified.onBackgroundException = () => {};
  await certified.connect();
  await certified.sendMessage('x509');
  const inboxes = await listen(certified, device.backEnd);
  await exchange(certified, device.backEnd, inboxes, 'x509');
  await device.backEnd.drop('close');
  await waitForTwin(device.backEnd, 2);
  await leave(certified, device.backEnd);
  await assertAsRecorded('x509', 'py-x509', secureHub);
});

async function createCertified(name, itsHub) {
  const authentication = { type: 'certificateAuthority' };
  await callHub(itsHub, 'PUT', `/local/devices/${name}`, { authentication });
  const { cert, key } = await itsHub.issueCertificate(name);
  return { backEnd: await createDevice(name, itsHub), x509: new X509(cert, key) };
}

test('every listed difference was observed, and is in the documentation', async () => {
  const page = await readFile(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8');
  for (const { name, python, here, why } of DIFFERENCES) {
    assert.ok(seen.has(name), `no recording shows the difference "${name}" any more`);
    const row = `| ${name} | ${python} | ${here} | ${why} |`;
    assert.ok(page.includes(row), `docs/PROTOCOL.md lacks the row\n${row}`);
  }
});
