import assert from 'node:assert/strict';

import { ClientError, Message, createClient, createDevice, createPair, test } from './support.mjs';

const MAX_BYTES = 262_144;

test('a string is sent as UTF-8 text without a content type', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.sendMessage('Grüße, 世界 🌍');
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(seen.text, 'Grüße, 世界 🌍');
  assert.equal(seen.systemProperties.contentType, undefined);
  assert.equal(seen.systemProperties.contentEncoding, undefined);
});

test('texts are sent completely, however long they are', async (t) => {
  const { client, backEnd } = await createPair(t);
  // Strings of up to 5,461 units are passed in one shared buffer.
  const texts = [1, 5461, 5462, 20_000].flatMap((length) =>
    ['a', 'é', '世'].map((character) => character.repeat(length)),
  );
  for (const text of texts) await client.sendMessage(text);
  const seen = await backEnd.waitForTelemetry(texts.length);
  assert.deepEqual(
    seen.map(({ text }) => text),
    texts,
  );
});

test('a message may be sent while another one is read', async (t) => {
  const { client, backEnd } = await createPair(t);
  const sent = [];
  const outer = new Message('outer');
  outer.customProperties = {
    get name() {
      if (sent.length === 0) sent.push(client.sendMessage('inner'));
      return 'value';
    },
  };
  await client.sendMessage(outer);
  await Promise.all(sent);
  const seen = (await backEnd.waitForTelemetry(2)).map(({ text }) => text);
  assert.deepEqual(seen, ['inner', 'outer']);
});

test('a trace function may use the client', async (t) => {
  const backEnd = await createDevice();
  const large = 'x'.repeat(MAX_BYTES - 100);
  const sent = [];
  const client = createClient(t, backEnd, {
    trace: ({ direction, packet }) => {
      // Their allocation moves the memory that contains the traced bytes.
      const isFirst = sent.length === 0 && direction === 'sent' && packet === 'PUBLISH';
      if (isFirst) for (let i = 0; i < 20; i += 1) sent.push(client.sendMessage(large));
    },
  });
  await client.sendMessage('first');
  await Promise.all(sent);
  const seen = await backEnd.waitForTelemetry(21);
  assert.deepEqual(
    seen.map(({ text }) => text.length),
    [5, ...sent.map(() => large.length)],
  );
});

test('an empty string is sent as an empty body', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.sendMessage('');
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(seen.body, '');
});

test('JSON values are sent as JSON with its content type and encoding', async (t) => {
  const { client, backEnd } = await createPair(t);
  const values = [{ room: 'Küche', lamps: [1, null] }, [1, 2], 21.5, 0, true, false, null];
  for (const value of values) await client.sendMessage(value);
  const seen = await backEnd.waitForTelemetry(values.length);
  assert.deepEqual(
    seen.map((message) => JSON.parse(message.text)),
    values,
  );
  for (const { systemProperties } of seen) {
    assert.equal(systemProperties.contentType, 'application/json');
    assert.equal(systemProperties.contentEncoding, 'utf-8');
  }
});

test('bytes of every kind are sent unchanged and without a content type', async (t) => {
  const { client, backEnd } = await createPair(t);
  const bytes = Uint8Array.of(0, 255, 128, 10);
  const whole = Uint8Array.of(9, ...bytes, 9);
  const sources = [
    bytes,
    bytes.buffer,
    new DataView(whole.buffer, 1, 4),
    whole.subarray(1, 5),
    new Uint16Array(bytes.buffer),
  ];
  for (const source of sources) await client.sendMessage(source);
  const seen = await backEnd.waitForTelemetry(sources.length);
  for (const message of seen) {
    assert.deepEqual([...Buffer.from(message.body, 'base64')], [...bytes]);
    assert.equal(message.systemProperties.contentType, undefined);
  }
});

test('bytes are copied at the call', async (t) => {
  const { client, backEnd } = await createPair(t);
  const bytes = Uint8Array.of(1, 2, 3);
  const sent = client.sendMessage(bytes);
  bytes.fill(0);
  await sent;
  const [seen] = await backEnd.waitForTelemetry();
  assert.deepEqual([...Buffer.from(seen.body, 'base64')], [1, 2, 3]);
});

test('a message is sent with all its system properties', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new Message('21.5', {
    messageId: 'id 1/2+3',
    contentEncoding: 'utf-8',
    contentType: 'text/plain; charset=utf-8',
    outputName: 'out',
  });
  message.correlationId = 'correlation=&';
  message.userId = 'Zoë';
  message.setAsSecurityMessage();
  await client.sendMessage(message);
  const [{ systemProperties }] = await backEnd.waitForTelemetry();
  assert.equal(systemProperties.messageId, 'id 1/2+3');
  assert.equal(systemProperties.correlationId, 'correlation=&');
  assert.equal(systemProperties.userId, 'Zoë');
  assert.equal(systemProperties.contentType, 'text/plain; charset=utf-8');
  assert.equal(systemProperties.contentEncoding, 'utf-8');
  assert.equal(systemProperties.outputName, 'out');
  assert.equal(systemProperties.interfaceId, message.iothubInterfaceId);
  assert.match(message.iothubInterfaceId, /^urn:azureiot:Security:/);
});

test('a message is sent with custom properties with any characters, empty and null', async (t) => {
  const { client, backEnd } = await createPair(t);
  const properties = {
    'room name': 'Küche & Bad = 世界 🌍',
    'a+b': '1+1=2',
    'per%cent': '100%25',
    'slash/hash#?': '$dollar/',
    empty: '',
    nothing: null,
    constructor: 'own',
    'zero\0one\x01': '\0\x010\x011\x01',
    '\x01': '\x01',
    '\0': '\0',
  };
  const message = new Message('x', { messageId: '', contentEncoding: '\0\x01' });
  Object.assign(message.customProperties, properties, { half: '\ud83c', and: '\udf0d' });
  await client.sendMessage(message);
  const [seen] = await backEnd.waitForTelemetry();
  assert.deepEqual({ ...seen.properties }, { ...properties, half: '\ufffd', and: '\ufffd' });
  assert.equal(seen.systemProperties.messageId, '');
  assert.equal(seen.systemProperties.contentEncoding, '\0\x01');
});

test('the data of a Message is converted in the same way as an argument of sendMessage', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.sendMessage(new Message({ a: 1 }));
  await client.sendMessage(new Message('text'));
  await client.sendMessage(new Message(Uint8Array.of(65)));
  await client.sendMessage(new Message(null));
  const [json, text, bytes, nothing] = await backEnd.waitForTelemetry(4);
  assert.equal(json.text, '{"a":1}');
  assert.equal(json.systemProperties.contentType, 'application/json');
  assert.equal(text.text, 'text');
  assert.equal(text.systemProperties.contentType, undefined);
  assert.equal(bytes.text, 'A');
  assert.equal(nothing.text, 'null');
});

test('the size of a message counts body, property values and custom names', () => {
  const message = new Message('äöü', { messageId: 'abc', contentType: 'text/plain' });
  message.customProperties.name = 'wert';
  assert.equal(message.getSize(), 6 + 3 + 10 + 4 + 4);
});

test('262,144 bytes are sent, one byte more is a RangeError and sends nothing', async (t) => {
  const { client, backEnd } = await createPair(t);
  const atLimit = new Message('x'.repeat(MAX_BYTES - 4));
  atLimit.customProperties.ab = 'cd';
  assert.equal(atLimit.getSize(), MAX_BYTES);
  const overLimit = new Message(atLimit.data);
  overLimit.customProperties.ab = 'cde';

  await assert.rejects(client.sendMessage(overLimit), RangeError);
  await assert.rejects(client.sendMessage(new Uint8Array(MAX_BYTES + 1)), RangeError);
  await client.sendMessage(atLimit);
  const seen = await backEnd.waitForTelemetry();
  assert.deepEqual(
    seen.map(({ text }) => text.length),
    [MAX_BYTES - 4],
  );
  assert.equal((await backEnd.state()).connections, 1);
});

test('a custom property without a name is a TypeError, and the connection stays open', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new Message('nameless');
  message.customProperties = { '': 'value' };
  await assert.rejects(client.sendMessage(message), { name: 'TypeError', message: /name/ });
  await client.sendMessage('next');
  const [{ text }] = await backEnd.waitForTelemetry();
  assert.equal(text, 'next');
  assert.equal((await backEnd.state()).connections, 1);
});

test('properties too long for an MQTT topic are refused, and the connection stays open', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new Message('x');
  message.customProperties.long = 'y'.repeat(65_536);
  await assert.rejects(client.sendMessage(message), Error);
  await client.sendMessage('after');
  const seen = await backEnd.waitForTelemetry();
  assert.deepEqual(
    seen.map(({ text }) => text),
    ['after'],
  );
  assert.equal((await backEnd.state()).connections, 1);
});

test('data that is neither text, bytes nor JSON is a TypeError', async (t) => {
  const { client } = await createPair(t);
  const circular = {};
  circular.self = circular;
  for (const value of [undefined, () => {}, Symbol('s'), 1n, circular, { big: 1n }]) {
    await assert.rejects(client.sendMessage(value), TypeError);
  }
});

test('several calls in one turn open one connection', async (t) => {
  const { client, backEnd } = await createPair(t);
  await Promise.all([client.sendMessage('a'), client.getTwin(), client.sendMessage('b')]);
  assert.equal((await backEnd.state()).connections, 1);
});

test('a thousand messages arrive once each and in order', async (t) => {
  const { client, backEnd } = await createPair(t);
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  await Promise.all(numbers.map((number) => client.sendMessage(number)));
  const seen = await backEnd.waitForTelemetry(1000);
  assert.deepEqual(
    seen.map(({ text }) => Number(text)),
    numbers,
  );
});

test('one message more than maxPendingMessages is refused immediately', async (t) => {
  const { client, backEnd } = await createPair(t, { maxPendingMessages: 2 });
  await client.connect();
  await backEnd.setFaults({ withhold: ['puback'] });
  const pending = Promise.allSettled([client.sendMessage('a'), client.sendMessage('b')]);
  await assert.rejects(client.sendMessage('c'), (error) => {
    assert.equal(error.constructor, ClientError);
    return true;
  });
  const seen = await backEnd.waitForTelemetry(2);
  assert.deepEqual(
    seen.map(({ text }) => text),
    ['a', 'b'],
  );
  await client.disconnect();
  await pending;
});
