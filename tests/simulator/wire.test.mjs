import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TraceLog } from '../../simulator/src/trace.js';
import { wordsOf } from '../../simulator/src/wire-words.js';

const BAG = '$.ct=application%2Fjson&$.ce=utf-8&room=K%C3%BCche%20%2B%20Bad&empty=&none';

const publish = (topic, packetId, more) => ({
  direction: 'sent',
  packet: 'PUBLISH',
  size: 100,
  qos: 1,
  dup: false,
  topic,
  packetId,
  ...more,
});

/** The chips of a topic, as `name=value`. */
const chips = (topic) =>
  wordsOf(publish(topic, 1)).chips.map(({ name, value }) => `${name}=${value}`);

/** A log of the records, each a millisecond later. */
function logOf(...records) {
  const log = new TraceLog();
  log.addDevice('d');
  add(log, ...records);
  return log;
}

function add(log, ...records) {
  for (const record of records) log.add('d', { time: new Date(), ...record });
}

/** The rows that a query finds, oldest first. */
function rows(log, query) {
  log.watch({ limit: 20, ...query });
  return log.news().entries.reverse();
}

test('properties of a topic are decoded into chips', () => {
  const decoded = ['ct=application/json', 'ce=utf-8', 'room=Küche + Bad', 'empty=', 'none=null'];
  assert.deepEqual(chips(`devices/d/messages/events/${BAG}`), decoded);
  assert.deepEqual(chips(`devices/d/modules/m/messages/events/${BAG}/`), decoded);
  assert.deepEqual(chips('devices/d/messages/events/a=%zz&%24.mid=1'), ['a=%zz', 'mid=1']);
  assert.deepEqual(chips('$iothub/twin/res/200/?$rid=7&$version=4'), [
    'status=200',
    'rid=7',
    'version=4',
  ]);
  assert.deepEqual(chips('$iothub/methods/POST/re%20boot/?$rid=1'), ['method=re boot', 'rid=1']);
  assert.deepEqual(chips('devices/d/modules/m/inputs/in1/a=b'), ['input=in1', 'a=b']);
  const [ct, , room] = wordsOf(publish(`devices/d/messages/events/${BAG}`, 1)).chips;
  assert.deepEqual([ct.isSystem, room.isSystem], [true, false]);
});

test('packets of a registration are described in words, and an unknown topic is left unchanged', () => {
  const said = (topic) => wordsOf(publish(topic, 1)).about;
  assert.match(said('$dps/registrations/PUT/iotdps-register/?$rid=1'), /^registers the device/);
  assert.match(
    said('$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=x'),
    /^asks for the state of the registration/,
  );
  assert.match(said('$dps/registrations/res/202/?$rid=1&retry-after=3'), /^response to the reg/);
  assert.equal(wordsOf(publish('new/topic', 1)).topic, 'new/topic');
});

test('a PUBLISH is one line with its PUBACK, and both have lines where a direction is chosen', () => {
  const ack = { direction: 'received', packet: 'PUBACK', size: 4 };
  const log = logOf(
    publish('devices/d/messages/events/', 1),
    publish('devices/d/messages/events/', 2),
  );
  log.watch({ limit: 20 });
  log.news();
  add(log, { ...ack, packetId: 2 }, { ...ack, packetId: 9 });
  const shown = log.news().entries.reverse();
  assert.deepEqual(
    shown.map(({ name }) => name),
    ['PUBLISH', 'PUBLISH', 'PUBACK'],
  );
  assert.equal(shown[0].acknowledgedMs, undefined);
  assert.ok(shown[1].acknowledgedMs >= 0);
  assert.match(shown[2].about, /#9/);
  const received = rows(log, { direction: 'received' });
  assert.deepEqual(
    received.map(({ name, afterMs }) => [name, afterMs === undefined]),
    [
      ['PUBACK', false],
      ['PUBACK', true],
    ],
  );
  assert.equal(rows(log, { text: 'puback' }).length, 2);
});

test('a received publish is paired with its own PUBACK', () => {
  const log = logOf(
    publish('devices/d/messages/events/', 1),
    publish('devices/d/messages/devicebound/', 1, { direction: 'received' }),
    { direction: 'sent', packet: 'PUBACK', size: 4, packetId: 1 },
  );
  const [sent, received] = rows(log);
  assert.deepEqual([sent.acknowledgedMs, typeof received.acknowledgedMs], [undefined, 'number']);
});

test('responses show how long they took: by request id, and those of the connection', () => {
  const received = (record) => ({ direction: 'received', size: 4, ...record });
  const sent = (record) => ({ direction: 'sent', size: 4, ...record });
  const log = logOf(
    sent({ packet: 'CONNECT' }),
    received({ packet: 'CONNACK', returnCode: 0 }),
    sent({ packet: 'SUBSCRIBE', packetId: 1, filter: '$iothub/twin/res/#' }),
    received({ packet: 'SUBACK', packetId: 1 }),
    publish('$iothub/twin/GET/?$rid=a', 2),
    received({ packet: 'PUBLISH', qos: 0, topic: '$iothub/twin/res/200/?$rid=a' }),
    received({ packet: 'PUBLISH', qos: 0, topic: '$iothub/methods/POST/x/?$rid=a' }),
    publish('$iothub/methods/res/200/?$rid=a', 3),
    sent({ packet: 'PINGREQ' }),
    received({ packet: 'PINGRESP' }),
    received({ packet: 'PUBLISH', qos: 0, topic: '$iothub/twin/res/200/?$rid=a' }),
  );
  const answers = rows(log).map(({ afterMs }) => afterMs !== undefined);
  assert.deepEqual(answers, [
    ...[false, true, false, true, false, true, false, true, false, true],
    false,
  ]);
});

test('a lost connection ends the wait for answers; what is sent again gets its own', () => {
  const log = logOf(
    publish('devices/d/messages/events/', 1),
    publish('$iothub/twin/GET/?$rid=a', 2),
    { state: 'socket opening', url: 'wss://h/' },
    { direction: 'received', packet: 'PUBLISH', qos: 0, topic: '$iothub/twin/res/200/?$rid=a' },
    publish('devices/d/messages/events/', 1, { dup: true }),
    { direction: 'received', packet: 'PUBACK', size: 4, packetId: 1 },
  );
  const [first, , , late, again] = rows(log);
  assert.deepEqual([first.acknowledgedMs, late.afterMs], [undefined, undefined]);
  assert.equal(typeof again.acknowledgedMs, 'number');
  assert.match(again.about, /again \(DUP\)/);
});

test('a payload can be shown, searched and exported; a long one is truncated', () => {
  const log = new TraceLog();
  log.addDevice('d');
  const payloads = ['{"a": "Käse"}', 'ä'.repeat(10_000), new Uint8Array([0xff, 0])];
  for (const payload of payloads) {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    const record = { time: new Date(), ...publish('devices/d/messages/events/', 1) };
    log.add('d', Object.defineProperty(record, 'payload', { value: bytes }));
  }
  const [found, ...others] = rows(log, { text: 'käse' });
  assert.equal(others.length, 0);
  assert.equal(found.payload, undefined);
  assert.equal(new TextDecoder().decode(log.payload('d', found.sequence)), payloads[0]);
  const lines = log.export().trim().split('\n');
  const [text, cut, binary] = lines.map((line) => JSON.parse(line));
  assert.equal(text.payload, payloads[0]);
  assert.deepEqual([cut.payload.length, cut.payloadSize], [8192, 20_000]);
  assert.deepEqual([binary.payload, binary.payloadBase64], [undefined, '/wA=']);
});
