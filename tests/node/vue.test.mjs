/** Vue wraps a component's data in a Proxy, which has no private fields. */
import assert from 'node:assert/strict';

import { reactive, ref } from '@vue/reactivity';

import { Message, createPair, test } from './support.mjs';

test('reactive state of Vue contains clients and messages unchanged', async (t) => {
  const { client, backEnd } = await createPair(t);
  const message = new Message('x');
  message.setAsSecurityMessage();
  const state = reactive({ client, messages: [message] });
  assert.equal(ref(client).value, client);
  assert.equal(state.client, client);
  await state.client.sendMessage(state.messages[0]);
  const [{ systemProperties }] = await backEnd.waitForTelemetry(1);
  assert.match(systemProperties.interfaceId, /Security/);
});
