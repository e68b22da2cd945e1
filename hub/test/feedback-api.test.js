import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Feedback } from '../src/feedback.js';
import { addFeedbackApi } from '../src/feedback-api.js';
import { createHttpServer } from '../src/http.js';
import { MemoryStore } from '../src/store.js';
import { TestHub } from './support/hub.js';

const PATH = '/messages/serviceBound/feedback';

describe('feedback', () => {
  /** The endpoints, and a queue with records for these messages. */
  async function start(t, ...messageIds) {
    const app = await createHttpServer({ store: new MemoryStore() });
    t.after(() => app.close());
    const feedback = new Feedback(new MemoryStore().scope());
    addFeedbackApi(app, { feedback });
    for (const messageId of messageIds) {
      feedback.add({ deviceId: 'd' }, { messageId, ack: 'full' }, 'Success');
    }
    return (method, url) => app.inject({ method, url });
  }

  const lockOf = ({ headers }) => headers.etag.replaceAll('"', '');

  test('is received in one batch, then not until it is returned', async (t) => {
    const call = await start(t, 'one', 'two');
    const answer = await call('GET', PATH);
    assert.equal(answer.statusCode, 200);
    const [first, second] = answer.json();
    assert.deepEqual([first.originalMessageId, second.originalMessageId], ['one', 'two']);
    assert.equal(first.statusCode, 'Success');
    assert.equal(first.deviceId, 'd');
    assert.equal((await call('GET', PATH)).statusCode, 204);

    const abandoned = await call('POST', `${PATH}/${lockOf(answer)}/abandon`);
    assert.equal(abandoned.statusCode, 204);
    assert.equal((await call('GET', PATH)).json().length, 2);
  });

  test('that is completed is not delivered again', async (t) => {
    const call = await start(t, 'one');
    const lock = lockOf(await call('GET', PATH));
    assert.equal((await call('DELETE', `${PATH}/${lock}`)).statusCode, 204);
    assert.equal((await call('GET', PATH)).statusCode, 204);
    assert.equal((await call('DELETE', `${PATH}/${lock}`)).statusCode, 412);
    const again = await call('POST', `${PATH}/${lock}/abandon`);
    assert.equal(again.headers['iothub-errorcode'], 'DeviceMessageLockLost');
  });
});

describe('a purge of commands', () => {
  const hub = new TestHub();

  test('removes the pending messages of the device, and returns how many', async () => {
    const device = await hub.createDevice();
    const { deviceId } = device;
    for (const body of ['a', 'b']) await hub.sendToDevice(device, { body });
    const path = `/devices/${deviceId}/commands`;
    assert.deepEqual(await hub.json('DELETE', path), { totalMessagesPurged: 2, deviceId });
    assert.equal((await hub.local(device, 'GET', '')).pendingMessages, 0);
    assert.equal((await hub.json('DELETE', path)).totalMessagesPurged, 0);
    assert.equal((await hub.call('DELETE', '/devices/nobody/commands')).status, 404);
  });

  test('sends no feedback for an unknown ack, whatever its name', async () => {
    const device = await hub.createDevice();
    for (const ack of ['some', 'constructor', '__proto__']) {
      await hub.sendToDevice(device, { properties: { 'iothub-ack': ack } });
    }
    const purged = await hub.json('DELETE', `/devices/${device.deviceId}/commands`);
    assert.equal(purged.totalMessagesPurged, 3);
    assert.equal((await hub.call('GET', PATH)).status, 204);
  });
});
