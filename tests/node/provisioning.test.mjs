/** Registration with the local hub's provisioning service, over real sockets. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { ownStore } from '../../pkg/own-store.js';
import { callHub } from '../../scripts/start/back-end.mjs';
import { ScriptedStore } from '../outbox/scripted-store.mjs';
import {
  ClientError,
  ConnectionFailedError,
  CredentialError,
  IoTHubDeviceClient,
  OperationTimeout,
  ProvisioningDeviceClient,
  ServiceError,
  assertNoSecret,
  deriveDeviceKey,
  hub,
  refusedEndpoint,
  test,
  within,
} from './support.mjs';

const HOST = 'global.azure-devices-provisioning.net';
const group = {
  enrollmentGroupId: 'sensors',
  attestation: { type: 'symmetricKey' },
  initialTwin: { properties: { desired: { interval: 30 } } },
};
const { attestation } = await callHub(
  hub,
  'PUT',
  '/enrollmentGroups/sensors?api-version=2021-10-01',
  group,
);
const groupKey = attestation.symmetricKey.primaryKey;

let created = 0;

/** A device that the group lets in, with a client that registers it. */
function newDevice(options) {
  created += 1;
  const registrationId = `sensor-${created}`;
  const symmetricKey = deriveDeviceKey(groupKey, registrationId);
  const client = ProvisioningDeviceClient.createFromSymmetricKey(
    HOST,
    registrationId,
    hub.idScope,
    symmetricKey,
    { endpoint: hub.endpoint, ...options },
  );
  return { registrationId, symmetricKey, client };
}

/** Makes things go wrong for a device. */
const fail = ({ registrationId }, faults) =>
  callHub(hub, 'POST', `/local/registrations/${registrationId}/faults`, faults);

/** What the device published, in order. */
async function requestsOf({ registrationId }) {
  const path = `/local/registrations/${registrationId}/packets?direction=in`;
  const { packets } = await callHub(hub, 'GET', path);
  return packets.filter(({ cmd }) => cmd === 'publish').map(({ topic }) => topic.split('/')[3]);
}

test("the key of a device is derived as in Microsoft's documentation", () => {
  const key =
    '8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==';
  const derived = deriveDeviceKey(key, 'sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6');
  assert.equal(derived, 'Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=');
  assert.throws(() => deriveDeviceKey('no key!', 'a'), /^TypeError: the shared access key is not/);
  assert.throws(() => deriveDeviceKey(key, 'a b'), /^TypeError: the registration id must not/);
  assert.throws(() => deriveDeviceKey(key), /^TypeError: the registration id must be a string/);
});

test('a device registers any number of times, one at a time', async () => {
  const device = newDevice();
  const { registrationId, client } = device;
  const running = client.register();
  await assert.rejects(client.register(), /^ClientError: register\(\) is already running/);
  const { status, operationId, registrationState } = await running;
  assert.equal(status, 'assigned');
  assert.ok(operationId);
  assert.equal(registrationState.deviceId, registrationId);
  assert.equal(registrationState.assignedHub, hub.hostname);
  assert.equal(registrationState.substatus, 'initialAssignment');
  assert.equal((await client.register()).registrationState.deviceId, registrationId);
  const exchange = ['iotdps-register', 'iotdps-get-operationstatus'];
  assert.deepEqual(await requestsOf(device), [...exchange, ...exchange]);
});

test('payloads arrive unchanged in both directions', async () => {
  const device = newDevice();
  device.client.provisioningPayload = { name: 'Gerät 日本', modelId: 'dtmi:com:example:a;1' };
  assert.deepEqual(device.client.provisioningPayload.name, 'Gerät 日本');
  const answer = { status: 200, body: { status: 'assigned', registrationState: {} } };
  answer.body.registrationState = { assignedHub: 'h', deviceId: 'd', payload: { größe: '日本' } };
  await fail(device, { registerAnswer: answer });
  const { registrationState } = await device.client.register();
  assert.deepEqual(registrationState.payload, { größe: '日本' });
});

test('a wrong key is a CredentialError with the error of the service', async () => {
  const { registrationId } = newDevice();
  const wrongKey = Buffer.from('wrong').toString('base64');
  const client = ProvisioningDeviceClient.createFromSymmetricKey(
    HOST,
    registrationId,
    hub.idScope,
    wrongKey,
    { endpoint: hub.endpoint },
  );
  const error = await client.register().catch((error) => error);
  assert.ok(error instanceof CredentialError, error);
  assert.match(error.message, /refused the login \(status 401\)/);
  assert.ok(error.cause instanceof ServiceError);
  assert.equal(error.cause.status, 401);
  assert.match(error.cause.code, /^401/);
  assert.ok(error.cause.trackingId);
  assertNoSecret(error, wrongKey);
});

test('failed and disabled are errors with the result', async () => {
  for (const outcome of ['failed', 'disabled']) {
    const device = newDevice();
    await fail(device, { outcome });
    const error = await device.client.register().catch((error) => error);
    assert.ok(error instanceof ServiceError, error);
    assert.equal(error.result.status, outcome);
  }
});

test('an error of the service is reported completely', async () => {
  const device = newDevice();
  const body = { errorCode: 404201, trackingId: 'tracked', message: 'Nicht gefunden: ä' };
  await fail(device, { registerAnswer: { status: 404, body } });
  const error = await device.client.register().catch((error) => error);
  assert.ok(error instanceof ServiceError);
  const { status, code, trackingId, message } = error;
  assert.deepEqual(
    { status, code, trackingId },
    { status: 404, code: '404201', trackingId: 'tracked' },
  );
  assert.match(message, /no enrollment for this registration id \(Nicht gefunden: ä\)/);
});

test('a busy service is retried', async () => {
  const device = newDevice();
  await fail(device, { registerAnswer: { status: 429, retryAfter: 1 } });
  const registered = device.client.register();
  await assert.doesNotReject(async () => {
    while ((await requestsOf(device)).length < 1);
  });
  await fail(device, { clear: true });
  assert.equal((await registered).status, 'assigned');
});

test('a registration ends with its timeout or its signal', async () => {
  const device = newDevice();
  await fail(device, { outcome: 'assigning' });
  const late = await device.client.register({ timeout: 1.5 }).catch((error) => error);
  assert.ok(late instanceof OperationTimeout, late);
  const signal = AbortSignal.timeout(300);
  const aborted = await device.client.register({ signal }).catch((error) => error);
  assert.equal(aborted, signal.reason);
  await fail(device, { clear: true });
  assert.equal((await device.client.register()).status, 'assigned');
});

test('a service that cannot be reached fails the call', async () => {
  const { client } = newDevice({ endpoint: await refusedEndpoint() });
  await assert.rejects(client.register(), ConnectionFailedError);
});

/** A token as a server would make it, which has the key. */
function tokenOf(key, resource) {
  const encoded = encodeURIComponent(resource);
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${encoded}\n${expiry}`)
    .digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}

test('a function returns the tokens, each for the requested resource', async (t) => {
  const { registrationId, symmetricKey } = newDevice();
  const resources = [];
  const getToken = async (resource) => {
    resources.push(resource);
    return tokenOf(symmetricKey, resource);
  };
  const names = [HOST, registrationId, hub.idScope];
  const options = { endpoint: hub.endpoint };
  const { createFromSasToken } = ProvisioningDeviceClient;
  const { status } = await createFromSasToken(...names, getToken, options).register();
  assert.equal(status, 'assigned');
  const resource = `${hub.idScope}/registrations/${registrationId}`;
  const token = tokenOf(symmetricKey, resource);
  assert.equal((await createFromSasToken(...names, token, options).register()).status, 'assigned');
  assert.throws(
    () => createFromSasToken(...names, tokenOf(symmetricKey, 'h/devices/d'), options),
    /^TypeError: the SAS token is for something else/,
  );
  const client = IoTHubDeviceClient.createFromProvisioning(
    { provisioningHost: HOST, idScope: hub.idScope, registrationId, getToken },
    options,
  );
  t.after(() => client.shutdown());
  await client.connect();
  const device = `${hub.hostname}/devices/${registrationId}`;
  assert.deepEqual(resources, [resource, resource, device]);
});

test('a function that fails is the cause of the error', async () => {
  const { registrationId } = newDevice();
  const reason = new Error('no server');
  const client = ProvisioningDeviceClient.createFromSasToken(
    HOST,
    registrationId,
    hub.idScope,
    () => Promise.reject(reason),
    { endpoint: hub.endpoint },
  );
  const error = await client.register().catch((error) => error);
  assert.ok(error instanceof ConnectionFailedError, error);
  assert.equal(error.cause.cause, reason);
});

test('wrong use is reported immediately', () => {
  const make = (...given) => ProvisioningDeviceClient.createFromSymmetricKey(...given);
  for (const [given, message] of [
    [[], /the symmetric key must be a string, and is undefined/],
    [[HOST, 'id', undefined, 'a2V5'], /the id scope must be a string, and is undefined/],
    [[HOST, 'a/b', '0ne', 'a2V5'], /the registration id must not contain '\/'/],
    [[HOST, 'id', '0ne', 'no key'], /the shared access key is not base64/],
    [[HOST, 'id', '0ne', 'a2V5', { autoConnect: true }], /autoConnect is not an option here/],
    [[HOST, 'id', '0ne', 'a2V5', { keepAlive: 0 }], /keepAlive must be a whole number/],
  ]) {
    assert.throws(() => make(...given), message);
  }
  assert.throws(() => new ProvisioningDeviceClient(), /is not created with new/);
  const client = make(HOST, 'id', '0ne', 'a2V5');
  assert.throws(
    () => (client.provisioningPayload = 'text'),
    /provisioningPayload must be an object/,
  );
  assert.throws(() => (client.provisioningPayload = () => 1), TypeError);
  client.provisioningPayload = null;
  assert.equal(client.provisioningPayload, undefined);
  const cycle = {};
  cycle.itself = cycle;
  for (const payload of [{ n: 1n }, cycle]) {
    const message = 'provisioningPayload must be what JSON can hold';
    assert.throws(() => (client.provisioningPayload = payload), { name: 'TypeError', message });
  }
  const device = { provisioningHost: HOST, registrationId: 'id', idScope: '0ne' };
  for (const [given, message] of [
    [undefined, /needs to know the device/],
    [device, /needs one of symmetricKey, getToken, x509/],
    [{ ...device, symmetricKey: 'a2V5', getToken: () => '' }, /needs one of/],
    [{ ...device, symmetricKey: 'a2V5', groupKey: '' }, /groupKey is not an option here/],
    [{ ...device, symmetricKey: 'a2V5', idScope: '' }, /idScope must be a string, and is empty/],
    [{ ...device, symmetricKey: 'a2V5', payload: [] }, /payload must be an object/],
  ]) {
    assert.throws(() => IoTHubDeviceClient.createFromProvisioning(given), message);
  }
});

test('register takes seconds and a signal', async () => {
  const { client } = newDevice();
  await assert.rejects(client.register({ timeout: 0 }), RangeError);
  await assert.rejects(client.register({ timeout: '1' }), TypeError);
  await assert.rejects(client.register({ seconds: 1 }), /seconds is not an option here/);
  await assert.rejects(client.register({ signal: AbortSignal.abort(new Error('no')) }), /no/);
});

/** A client that registers itself, shut down at the end of the test. */
function provisionedClient(t, { registrationId, symmetricKey }, options, idScope = hub.idScope) {
  const client = IoTHubDeviceClient.createFromProvisioning(
    { provisioningHost: HOST, idScope, registrationId, symmetricKey },
    { endpoint: hub.endpoint, connectionRetryInterval: 0.2, ...options },
  );
  t.after(() => within(10, client.shutdown(), 'shutdown did not end'));
  return client;
}

test("a device with a key derived from a group's registers once and connects", async (t) => {
  const device = newDevice();
  const client = provisionedClient(t, device);
  await client.sendMessage('hello');
  const { desired } = await client.getTwin();
  assert.equal(desired.interval, 30);
  await client.disconnect();
  await client.connect();
  assert.equal((await requestsOf(device)).filter((it) => it === 'iotdps-register').length, 1);
});

test('stored messages belong to the id scope, before and after the hub is known', async (t) => {
  const device = newDevice();
  const stores = [new ScriptedStore(), new ScriptedStore()];
  const client = provisionedClient(t, device, { store: ownStore(stores[0]) });
  await client.sendMessage('hello');
  const elsewhere = provisionedClient(t, device, { store: ownStore(stores[1]) }, '0neOTHER');
  await elsewhere.outbox.movedAside();
  assert.deepEqual(
    stores.map(({ context }) => context.resource),
    [hub.idScope, '0neOTHER'].map((scope) => `${scope}/registrations/${device.registrationId}`),
  );
});

test('all calls of a disabled device reject and say so', async (t) => {
  const device = newDevice();
  await fail(device, { outcome: 'disabled' });
  const client = provisionedClient(t, device);
  const [sent, connected] = await Promise.allSettled([client.sendMessage('x'), client.connect()]);
  for (const { reason } of [sent, connected]) {
    assert.ok(reason instanceof ServiceError, reason);
    assert.equal(reason.result.status, 'disabled');
  }
  await assert.rejects(client.getStorageInfoForBlob('a'), ClientError);
});

test('a registration shows in the trace, without a secret', async (t) => {
  const device = newDevice();
  const records = [];
  const client = provisionedClient(t, device, { trace: (record) => records.push(record) });
  await client.connect();
  const states = records.map(({ state }) => state).filter(Boolean);
  assert.ok(states.includes('registering'), states);
  const topics = records.map(({ topic }) => topic).filter(Boolean);
  assert.match(topics[0], /^\$dps\/registrations\/PUT\/iotdps-register\//);
  assert.ok(!JSON.stringify(records).includes('sig='));
});
