/** Two copies of the package in one program. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { Message, MethodResponse, createPair, test } from './support.mjs';

const require = createRequire(import.meta.url);
const first = require.resolve('../../pkg/index.node.cjs');
delete require.cache[first];
const other = require(first);

test('another copy of the package has its own classes', () => {
  assert.notEqual(other.Message, Message);
  class Own extends Message {}
  assert.ok(new Own() instanceof Message && new Own() instanceof Own);
  assert.ok(!(new Message() instanceof Own) && !(new Message() instanceof MethodResponse));
});

test('a message from another copy is sent as a message', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new other.Message('body', { messageId: 'id' });
  message.customProperties.name = 'value';
  await client.sendMessage(message);
  const [{ text, properties, systemProperties }] = await backEnd.waitForTelemetry();
  assert.deepEqual([text, properties.name, systemProperties.messageId], ['body', 'value', 'id']);
});

test('a method response from another copy is accepted', async (t) => {
  const { client, backEnd } = await createPair(t);
  client.onMethodRequestReceived = (request) =>
    other.MethodResponse.createFromMethodRequest(request, 201, 'payload');
  await client.connect();
  assert.deepEqual(await backEnd.invokeMethod('any'), { status: 201, payload: 'payload' });
});
