/** docs/FAULTS.md: connections that end at each step of what a client does. */
import assert from 'node:assert/strict';

import { createListening, faultTest } from './faults/watched.mjs';
import { ConnectionDroppedError } from './support.mjs';

/** Each makes the client do something, and resolves when that is done. */
const send = ({ client }) => client.sendMessage('in flight');
const askForTwin = ({ client }) => client.getTwin();
const reconnect = ({ backEnd }) => backEnd.drop();
const disconnect = ({ client }) => client.disconnect();
const wait = () => {};
const stopListening = ({ client }) => {
  client.onMessageReceived = null;
};

/** Test, step at which the hub drops the connection, what leads there, options of the client. */
const STEPS = [
  ['a drop instead of accepting CONNECT', 'connect', reconnect],
  ['a drop instead of CONNACK', 'connack', reconnect],
  ['a drop instead of accepting SUBSCRIBE', 'subscribe', reconnect],
  ['a drop instead of SUBACK', 'suback', reconnect],
  ['a drop instead of accepting PUBLISH', 'publish', send],
  ['a drop instead of PUBACK', 'puback', send],
  ['a drop instead of a twin response', 'twin', askForTwin],
  ['a drop instead of accepting UNSUBSCRIBE', 'unsubscribe', stopListening],
  ['a drop instead of UNSUBACK', 'unsuback', stopListening],
  ['a drop instead of accepting PINGREQ', 'pingreq', wait, { keepAlive: 1 }],
  ['a drop instead of PINGRESP', 'pingresp', wait, { keepAlive: 1 }],
  ['a drop instead of accepting DISCONNECT', 'disconnect', disconnect],
  ['a drop instead of CONNACK at the renewal of a token', 'connack', wait, { sasTokenTtl: 3 }],
];

for (const [title, step, lead, options] of STEPS) {
  faultTest(title, async (t) => {
    for (const how of ['close', 'reset']) {
      const device = await createListening(t, options);
      await device.backEnd.setFaults({ dropAt: { step, how } });
      await lead(device);
      if (lead === disconnect) await device.backEnd.waitForPackets('disconnect', 'in');
      else await dropped(device, step);
      await device.assertWorks();
      // The client reports each loss and each reconnect once.
      const { states, errors } = device;
      assert.deepEqual(
        states,
        states.map((_, index) => index % 2 === 0),
      );
      assert.equal(states.at(-1), true);
      assert.ok(errors.all.every((error) => error.constructor === ConnectionDroppedError));
      await device.client.shutdown();
    }
  });
}

/** Waits until the drop has happened, and the client knows. */
async function dropped(device, step) {
  for (;;) {
    await device.errors.take();
    if ((await device.ends()).includes(`dropped at ${step}, because of an injected fault`)) return;
  }
}
