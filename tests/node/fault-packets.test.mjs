/** docs/FAULTS.md: what a hub should not send. */
import assert from 'node:assert/strict';

import { createListening, faultTest, isError } from './faults/watched.mjs';
import { ClientError } from './support.mjs';

const TYPE = /MQTT packet of type \d+, which it must not send/;
const MALFORMED = /malformed MQTT packet/;
const HEADER = /reserved flags or a wrong length/;

/** Faults that end the connection, as hex unless they are text, and the client's report. */
const VIOLATIONS = [
  ['a packet of reserved type 0 ends the connection', '0000', TYPE],
  ['a packet of reserved type 15 ends the connection', 'f000', TYPE],
  ['a CONNECT from the hub ends the connection', '100c00044d5154540402003c0000', TYPE],
  ['a PINGREQ from the hub ends the connection', 'c000', TYPE],
  ['a PUBREC ends the connection', '50020001', TYPE],
  ['a wrong length ends the connection', '4003000100', HEADER],
  ['a length without an end ends the connection', '30ffffffff01', MALFORMED],
  ['reserved flags end the connection', '41020001', HEADER],
  ['QoS 2 ends the connection', '34050001780001', /QoS 2, which was never granted/],
  ['QoS 3 ends the connection', '36050001780001', MALFORMED],
  ['packet identifier 0 ends the connection', '32050001780000', MALFORMED],
  ['an empty topic ends the connection', '30020000', /PUBLISH packet without a topic/],
  ['a truncated PUBLISH ends the connection', '30030010ff', MALFORMED],
  ['a topic that is not UTF-8 ends the connection', '30040002fffe', MALFORMED],
  ['a second CONNACK ends the connection', '20020000', /CONNACK/],
];

/** The call in flight and everything else continue on the next connection. */
async function assertViolation(t, fault, words) {
  const device = await createListening(t);
  const { client, backEnd } = device;
  await backEnd.setFaults({ withhold: ['puback'] });
  const sent = client.sendMessage('in flight');
  await backEnd.waitForTelemetry();
  await backEnd.setFaults({ clear: true, ...fault });
  isError(await device.errors.take(), ClientError, words);
  await sent;
  await device.assertWorks();
  assert.deepEqual(device.states, [true, false, true]);
  isError(device.changes.all[1].cause, ClientError, words);
  assert.equal(device.errors.all.length, 1);
}

for (const [title, send, words] of VIOLATIONS) {
  faultTest(title, (t) => assertViolation(t, { send }, words));
}

faultTest('a text frame ends the connection', (t) =>
  assertViolation(t, { sendText: 'text' }, /text frame/),
);

const HARMLESS = [
  ['a PUBACK for nothing changes nothing', '4002fffe'],
  ['a SUBACK for nothing changes nothing', '9003fffe01'],
  ['an UNSUBACK for nothing changes nothing', 'b002fffe'],
  ['an unexpected PINGRESP changes nothing', 'd000'],
];

for (const [title, send] of HARMLESS) {
  faultTest(title, async (t) => {
    const device = await createListening(t);
    await device.backEnd.setFaults({ send });
    await device.assertWorks();
    assert.deepEqual(device.states, [true]);
    assert.deepEqual(device.errors.all, []);
  });
}

/** PUBLISH at QoS 0, as hex. */
function publish(topic, payload) {
  const body = Buffer.from(`..${topic}${payload}`);
  body.writeUInt16BE(Buffer.byteLength(topic));
  assert.ok(body.length < 128);
  return Buffer.from([0x30, body.length, ...body]).toString('hex');
}

const STRAY = [
  ['a message for another device is reported and ignored', 'devices/other/messages/devicebound/'],
  ['a method request without an id is reported and ignored', '$iothub/methods/POST/m/'],
  ['a twin response without a status is reported and ignored', '$iothub/twin/res/ok/?$rid=1'],
];

for (const [title, topic] of STRAY) {
  faultTest(title, async (t) => {
    const device = await createListening(t);
    await device.backEnd.setFaults({ send: publish(topic, '{}') });
    isError(await device.errors.take(), ClientError, /topic that is not this client's/);
    await device.assertWorks();
    assert.deepEqual(device.states, [true]);
  });
}

faultTest('a message whose properties are badly encoded is delivered unchanged', async (t) => {
  const device = await createListening(t);
  const topic = `devices/${device.backEnd.deviceId}/messages/devicebound/a=%zz&%24.mid=%ff&=&%`;
  await device.backEnd.setFaults({ send: publish(topic, 'body') });
  const message = await device.messages.take();
  assert.equal(message.text(), 'body');
  assert.equal(message.customProperties.a, '%zz');
  await device.assertWorks();
  assert.deepEqual(device.errors.all, []);
});

faultTest('a method request that is not JSON is reported, and gets 400', async (t) => {
  const device = await createListening(t);
  const { backEnd } = device;
  await backEnd.setFaults({ send: publish('$iothub/methods/POST/m/?$rid=abc', '{"a":') });
  isError(await device.errors.take(), ClientError, /not JSON/);
  const [, answer] = await backEnd.waitForPackets('publish', 'in', 2);
  assert.equal(answer.topic, '$iothub/methods/res/400/?$rid=abc');
  assert.deepEqual(device.methods, []);
  await device.assertWorks();
  assert.deepEqual(device.states, [true]);
});

faultTest('a method request with an empty body has the payload null', async (t) => {
  const device = await createListening(t);
  const { backEnd } = device;
  await backEnd.setFaults({ send: publish('$iothub/methods/POST/m/?$rid=abc', '') });
  const [, answer] = await backEnd.waitForPackets('publish', 'in', 2);
  assert.equal(answer.topic, '$iothub/methods/res/200/?$rid=abc');
  assert.equal(device.methods[0].payload, null);
  await device.assertWorks();
  assert.deepEqual(device.errors.all, []);
});

faultTest(
  'desired properties that are not JSON are reported, and the next ones arrive',
  async (t) => {
    const device = await createListening(t);
    const topic = '$iothub/twin/PATCH/properties/desired/?$version=9';
    await device.backEnd.setFaults({ send: publish(topic, 'no JSON') });
    isError(await device.errors.take(), ClientError, /not JSON/);
    await device.assertWorks();
    assert.deepEqual(device.states, [true]);
  },
);
