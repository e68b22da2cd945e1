import assert from 'node:assert/strict';

import {
  Inbox,
  Message,
  MethodResponse,
  createPair,
  hub,
  test,
  version,
  waitForPacket,
} from './support.mjs';

const publishedIn = (backEnd) => backEnd.packets({ type: 'publish', direction: 'in' });

const textOf = ({ payload }) => Buffer.from(payload, 'base64').toString();

const isTwinPatch = ({ topic }) => topic.startsWith('$iothub/twin/PATCH/properties/reported/');

test('CONNECT is MQTT 3.1.1, keeps the session, and names the device and the client', async (t) => {
  const { client, backEnd } = await createPair(t);
  const before = Math.floor(Date.now() / 1000);
  await client.connect();
  const after = Math.ceil(Date.now() / 1000);
  const [packet] = await backEnd.waitForPackets('connect', 'in');
  assert.equal(packet.protocolId, 'MQTT');
  assert.equal(packet.protocolVersion, 4);
  assert.equal(packet.clean, false);
  assert.equal(packet.keepalive, 60);
  assert.equal(packet.clientId, backEnd.deviceId);
  assert.equal(packet.will, undefined);

  const [, agent] = packet.username.split('&DeviceClientType=');
  assert.equal(
    packet.username,
    `${hub.hostname}/${backEnd.deviceId}/?api-version=2021-04-12&DeviceClientType=${agent}`,
  );
  assert.match(agent, /^[A-Za-z0-9\-_.~%]+$/);
  const decoded = decodeURIComponent(agent);
  assert.ok(decoded.startsWith(`iothub-device-client/${version}(`), decoded);
  assert.ok(decoded.endsWith(')'), decoded);

  const { sr, se, skn } = packet.password;
  assert.equal(sr, encodeURIComponent(`${hub.hostname}/devices/${backEnd.deviceId}`));
  assert.ok(before + 3600 <= Number(se) && Number(se) <= after + 3600);
  assert.equal(skn, undefined);
});

test('each filter is subscribed on first use, at QoS 1', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await client.sendMessage('x');
  assert.deepEqual(await backEnd.packets({ type: 'subscribe' }), []);

  const uses = [
    ['$iothub/twin/res/#', () => client.getTwin()],
    [
      `devices/${backEnd.deviceId}/messages/devicebound/#`,
      () => (client.onMessageReceived = () => {}),
    ],
    ['$iothub/methods/POST/#', () => (client.onMethodRequestReceived = () => {})],
    [
      '$iothub/twin/PATCH/properties/desired/#',
      () => (client.onTwinDesiredPropertiesPatchReceived = () => {}),
    ],
  ];
  for (const [count, [filter, use]] of uses.entries()) {
    use();
    const packets = await backEnd.waitForPackets('subscribe', 'in', count + 1);
    assert.deepEqual(
      packets[count].subscriptions.map(({ topic, qos }) => ({ topic, qos })),
      [{ topic: filter, qos: 1 }],
    );
  }
  await client.getTwin();
  await client.patchTwinReportedProperties({ a: 1 });
  assert.equal((await backEnd.packets({ type: 'subscribe' })).length, uses.length);
});

test('connect waits for the subscriptions of all handlers set so far', async (t) => {
  const { client, backEnd } = await createPair(t, { autoConnect: false });
  client.onMessageReceived = () => {};
  client.onMethodRequestReceived = () => {};
  client.onTwinDesiredPropertiesPatchReceived = () => {};
  await client.connect();
  const { subscriptions } = await backEnd.state();
  assert.deepEqual(subscriptions.toSorted(), [
    '$iothub/methods/POST/#',
    '$iothub/twin/PATCH/properties/desired/#',
    '$iothub/twin/res/#',
    `devices/${backEnd.deviceId}/messages/devicebound/#`,
  ]);
});

test('telemetry without properties is a QoS 1 publish to an empty bag', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.sendMessage('x');
  const [packet] = await publishedIn(backEnd);
  assert.equal(packet.topic, `devices/${backEnd.deviceId}/messages/events/`);
  assert.equal(packet.qos, 1);
  assert.equal(packet.dup, false);
  assert.equal(packet.retain, false);
  assert.ok(packet.messageId >= 1 && packet.messageId <= 65_535);
  assert.equal(textOf(packet), 'x');
});

test('the bag holds system properties in their order, then custom ones sorted', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new Message('x', {
    messageId: 'm/1',
    contentEncoding: 'utf-8',
    contentType: 'text/plain',
    outputName: 'out',
  });
  message.correlationId = 'c=1';
  message.userId = 'u&1';
  message.setAsSecurityMessage();
  Object.assign(message.customProperties, { nothing: null, b: '1 + 1', a: 'ü~', empty: '' });
  await client.sendMessage(message);
  const [{ topic }] = await publishedIn(backEnd);
  const bag = topic.slice(`devices/${backEnd.deviceId}/messages/events/`.length);
  const pairs = bag.split('&').map((pair) => pair.replace(/^%24/, '$'));
  assert.deepEqual(pairs.toSpliced(6, 1), [
    '$.on=out',
    '$.mid=m%2F1',
    '$.cid=c%3D1',
    '$.uid=u%261',
    '$.ct=text%2Fplain',
    '$.ce=utf-8',
    'a=%C3%BC~',
    'b=1%20%2B%201',
    'empty=',
    'nothing',
  ]);
  assert.match(pairs[6], /^\$\.ifid=/);
});

test('a twin is requested with an empty publish, a patch contains its JSON', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.getTwin();
  await client.patchTwinReportedProperties({ a: 'ü' });
  const [get, patch] = await publishedIn(backEnd);
  assert.match(get.topic, /^\$iothub\/twin\/GET\/\?\$rid=[^&]+$/);
  assert.equal(get.payload, '');
  assert.equal(get.qos, 1);
  assert.match(patch.topic, /^\$iothub\/twin\/PATCH\/properties\/reported\/\?\$rid=[^&]+$/);
  assert.equal(textOf(patch), '{"a":"ü"}');
  assert.equal(patch.qos, 1);
  assert.notEqual(get.topic.split('$rid=')[1], patch.topic.split('$rid=')[1]);
});

test('a method response goes to its status and request id', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, 404, { why: 'ü' });
  await client.connect();
  await backEnd.invokeMethod('m');
  const isMethod = ({ topic }) => topic.startsWith('$iothub/methods/');
  const request = await waitForPacket(backEnd, 'publish', 'out', isMethod);
  const response = await waitForPacket(backEnd, 'publish', 'in', isMethod);
  const requestId = request.topic.split('$rid=')[1];
  assert.equal(response.topic, `$iothub/methods/res/404/?$rid=${requestId}`);
  assert.equal(response.qos, 1);
  assert.equal(textOf(response), '{"why":"ü"}');
});

test('publishes of the hub at QoS 1 are acknowledged with their packet id', async (t) => {
  const { client, backEnd } = await createPair(t);
  const messages = new Inbox('message');
  client.onMessageReceived = messages.put;
  await client.connect();
  await backEnd.sendMessage({ body: 'x' });
  await messages.take();
  const [puback] = await backEnd.waitForPackets('puback', 'in');
  const [publish] = await backEnd.packets({ type: 'publish', direction: 'out' });
  assert.equal(puback.messageId, publish.messageId);
});

test('a thousand messages of one turn are sent in fewer than 20 frames', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await Promise.all(Array.from({ length: 1000 }, (_, number) => client.sendMessage({ number })));
  const published = await publishedIn(backEnd);
  assert.equal(published.length, 1000);
  const frames = new Set(published.map(({ frame }) => frame));
  assert.ok(frames.size < 20, `${frames.size} frames`);
});

test('packet ids of publishes in flight differ and are never 0', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const pending = Promise.allSettled(
    Array.from({ length: 300 }, (_, number) => client.sendMessage(number)),
  );
  const packets = await backEnd.waitForPackets('publish', 'in', 300);
  const ids = new Set(packets.map(({ messageId }) => messageId));
  assert.equal(ids.size, 300);
  assert.ok(!ids.has(0));
  await client.disconnect();
  await pending;
});

test('a reconnect subscribes again, then repeats with DUP, the same id and order', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onMessageReceived = () => {};
  client.onMethodRequestReceived = () => {};
  client.onBackgroundException = () => {};
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const calls = ['a', 'b', 'c'].map((text) => client.sendMessage(text));
  await backEnd.waitForTelemetry(3);
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  calls.push(client.sendMessage('d'));
  await Promise.all(calls);

  const packets = await backEnd.packets({ direction: 'in' });
  const first = packets.filter(({ connection, cmd }) => connection === 1 && cmd === 'publish');
  const [connect, ...rest] = packets.filter(({ connection }) => connection === 2);
  assert.equal(connect.cmd, 'connect');
  assert.equal(connect.clean, false);
  assert.deepEqual(
    rest.map(({ cmd, dup }) => (dup ? `${cmd} again` : cmd)),
    ['subscribe', 'subscribe', 'publish again', 'publish again', 'publish again', 'publish'],
  );
  const again = rest.filter(({ dup }) => dup);
  const essence = ({ messageId, topic, payload }) => ({ messageId, topic, payload });
  assert.deepEqual(again.map(essence), first.map(essence));
  assert.equal(textOf(rest.at(-1)), 'd');
});

test('a reported patch that was lost unacknowledged is repeated with DUP', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onBackgroundException = () => {};
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback', 'twin'] });
  const patched = client.patchTwinReportedProperties({ a: 1 });
  const lost = await waitForPacket(backEnd, 'publish', 'in', isTwinPatch);
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  await patched;
  const again = await waitForPacket(backEnd, 'publish', 'in', isTwinPatch, lost.sequence);
  assert.equal(again.dup, true);
  assert.equal(again.messageId, lost.messageId);
  assert.equal(again.topic, lost.topic);
});

test('disconnect writes what was sent before, then DISCONNECT', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  const sent = client.sendMessage('last words').catch(() => {});
  await client.disconnect();
  await sent;
  await backEnd.waitForPackets('disconnect', 'in');
  const packets = await backEnd.packets({ direction: 'in' });
  assert.deepEqual(
    packets.map(({ cmd }) => cmd),
    ['connect', 'publish', 'disconnect'],
  );
});
