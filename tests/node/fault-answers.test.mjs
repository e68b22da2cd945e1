/** docs/FAULTS.md: responses of a hub, and missing ones. */
import assert from 'node:assert/strict';

import { createListening, createWatched, faultTest, isError } from './faults/watched.mjs';
import {
  ClientError,
  HubError,
  OperationTimeout,
  ServiceError,
  isTwinGet,
  waitForPacket,
} from './support.mjs';

const TWIN_CALLS = [
  (client) => client.getTwin(),
  (client) => client.patchTwinReportedProperties({ a: 1 }),
];

const FILE_CALLS = [
  (client) => client.getStorageInfoForBlob('b'),
  (client) => client.notifyBlobUploadStatus('c', true, 200, 'OK'),
];

/** Only the call has noticed the fault. */
async function assertUndisturbed(device, states = [true]) {
  await device.assertWorks();
  assert.deepEqual(device.states, states);
  assert.deepEqual(device.errors.all, []);
}

faultTest('an error instead of a twin is a ServiceError with status and code', async (t) => {
  const device = await createListening(t);
  for (const twinStatus of [300, 400, 429, 503]) {
    const body = { errorCode: twinStatus * 1000 + 1, message: 'why not' };
    await device.backEnd.setFaults({ twinStatus, body });
    for (const call of TWIN_CALLS) {
      await assert.rejects(call(device.client), (error) => {
        assert.equal(error.status, twinStatus);
        assert.equal(error.code, `${body.errorCode}`);
        return isError(error, ServiceError, /why not/);
      });
    }
  }
  await device.backEnd.setFaults({ clear: true });
  await assertUndisturbed(device);
});

faultTest('an error instead of a twin is a ServiceError without a body, too', async (t) => {
  const device = await createListening(t);
  for (const body of ['', 'no JSON', '[]']) {
    await device.backEnd.setFaults({ twinStatus: 500, body });
    for (const call of TWIN_CALLS) {
      await assert.rejects(call(device.client), (error) => {
        assert.equal(error.status, 500);
        return isError(error, ServiceError, /500/);
      });
    }
  }
  await device.backEnd.setFaults({ clear: true });
  await assertUndisturbed(device);
});

faultTest('a twin that is not JSON is a ClientError', async (t) => {
  const device = await createListening(t);
  for (const body of ['', 'no JSON', '{"desired":']) {
    await device.backEnd.setFaults({ twinStatus: 200, body });
    const isNoJson = (error) => isError(error, ClientError, /not JSON/);
    await assert.rejects(device.client.getTwin(), isNoJson);
  }
  await device.backEnd.setFaults({ clear: true });
  await assertUndisturbed(device);
});

faultTest('no twin response is an OperationTimeout, and a late one is ignored', async (t) => {
  const device = await createListening(t, { operationTimeout: 0.3 });
  const { client, backEnd } = device;
  await backEnd.setFaults({ withhold: ['twin'] });
  const isTimeout = (error) => isError(error, OperationTimeout, /within operationTimeout/);
  for (const call of TWIN_CALLS) await assert.rejects(call(client), isTimeout);
  const asked = await waitForPacket(backEnd, 'publish', 'in', isTwinGet);
  const late = Buffer.from(`..${asked.topic.replace('GET', 'res/200')}{}`);
  late.writeUInt16BE(late.length - 4);
  const send = Buffer.from([0x30, late.length, ...late]).toString('hex');
  await backEnd.setFaults({ clear: true, send });
  await assertUndisturbed(device);
});

faultTest('an error of a file upload is a ServiceError with its status', async (t) => {
  const device = await createListening(t);
  for (const filesStatus of [400, 401, 404, 429, 500, 503]) {
    await device.backEnd.setFaults({ filesStatus });
    for (const call of FILE_CALLS) {
      await assert.rejects(call(device.client), (error) => {
        assert.equal(error.status, filesStatus);
        return isError(error, ServiceError, new RegExp(`${filesStatus}`));
      });
    }
  }
  await device.backEnd.setFaults({ clear: true });
  await device.client.getStorageInfoForBlob('b');
  await assertUndisturbed(device);
});

faultTest('one handler gets the methods of all names', async (t) => {
  const device = await createListening(t);
  for (const name of ['a', 'b c', 'Grüße/ü']) {
    assert.deepEqual(await device.backEnd.invokeMethod(name, 1), { status: 200, payload: 1 });
    assert.equal(device.methods.at(-1).name, name);
  }
  await assertUndisturbed(device);
});

faultTest('without a method handler the caller gets an error immediately', async (t) => {
  const device = await createWatched(t);
  await device.client.connect();
  await assert.rejects(device.backEnd.invokeMethod('m'), (error) => {
    assert.equal(error.constructor, HubError);
    return error.status === 404;
  });
  await assertUndisturbed(device);
});

faultTest('a refused subscription is a ClientError, and is requested again', async (t) => {
  const device = await createWatched(t);
  const { client, backEnd } = device;
  await client.connect();
  await backEnd.setFaults({ withhold: ['suback'] });
  client.onMessageReceived = device.messages.put;
  const [first] = await backEnd.waitForPackets('subscribe', 'in');
  const { messageId, sequence, subscriptions } = first;
  const send = `9003${messageId.toString(16).padStart(4, '0')}80`;
  await backEnd.setFaults({ clear: true, send });
  isError(await device.errors.take(), ClientError, /refused the subscription to .*messages/);
  device.listen();
  const isAgain = (packet) => packet.subscriptions[0].topic === subscriptions[0].topic;
  await waitForPacket(backEnd, 'subscribe', 'in', isAgain, sequence);
  await device.assertWorks();
  assert.deepEqual(device.states, [true]);
  assert.equal(device.errors.all.length, 1);
});
