import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { startHub } from '../src/index.js';
import { TestHub } from './support/hub.js';
import { deviceKey, RegistrationClient } from './support/registration.js';

const FIRST = 'first.azure-devices.net';
const SECOND = 'second.azure-devices.net';

const second = await startHub({ hostname: SECOND });
after(() => second.close());

const hub = new TestHub({ hostname: FIRST, linkedHubs: [second] });

let last = 0;
const newId = (name) => `${name}-${++last}`;

const createGroup = (enrollment) =>
  hub.json('PUT', `/enrollmentGroups/${newId('group')}`, {
    attestation: { type: 'symmetricKey' },
    ...enrollment,
  });

/** Changes the group and keeps its keys. */
const change = ({ enrollmentGroupId }, enrollment) =>
  hub.call(
    'PUT',
    `/enrollmentGroups/${enrollmentGroupId}`,
    { attestation: { type: 'symmetricKey' }, ...enrollment },
    { 'if-match': '*' },
  );

/** Registers a device of the group; returns its final state. */
async function register(registrationId, { attestation }, payload = undefined) {
  const key = deviceKey(attestation.symmetricKey.primaryKey, registrationId);
  const client = await RegistrationClient.connect(hub, { registrationId, key });
  const { body } = await client.register({ registrationId, payload });
  await client.end();
  return body.registrationState;
}

/** The response to a back end of one of the hubs. */
async function askHub({ url, authorization }, method, path, body) {
  const response = await fetch(`${url}${path}?api-version=2021-04-12`, {
    method,
    headers: { authorization: authorization(), 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const existsAt = async (one, deviceId) =>
  (await askHub(one, 'GET', `/devices/${deviceId}`)).status === 200;

describe('allocation', () => {
  test('hashed spreads devices over all hubs, each always to the same', async () => {
    const group = await createGroup({ allocationPolicy: 'hashed' });
    const ids = Array.from({ length: 16 }, () => newId('hashed'));
    const hubs = [];
    for (const id of ids) hubs.push((await register(id, group)).assignedHub);
    assert.deepEqual(new Set(hubs), new Set([FIRST, SECOND]));
    for (const [index, id] of ids.entries()) {
      assert.equal(await existsAt(second, id), hubs[index] === SECOND);
      assert.equal((await register(id, group)).assignedHub, hubs[index]);
    }
  });

  test('static takes the first of the hubs of the enrollment, or the one that it names', async () => {
    const list = { allocationPolicy: 'static', iotHubs: [SECOND, FIRST] };
    assert.equal((await register(newId('static'), await createGroup(list))).assignedHub, SECOND);
    const named = await createGroup({ iotHubHostName: SECOND });
    assert.equal((await register(newId('static'), named)).assignedHub, SECOND);
  });

  test('geoLatency selects a hub that responds', async () => {
    const group = await createGroup({ allocationPolicy: 'geoLatency' });
    assert.ok([FIRST, SECOND].includes((await register(newId('near'), group)).assignedHub));
  });

  test('fails if a hub is not linked', async () => {
    const group = await createGroup({ iotHubs: ['third.azure-devices.net'] });
    const { status, errorMessage } = await register(newId('unlinked'), group);
    assert.equal(status, 'failed');
    assert.match(errorMessage, /No hub "third\.azure-devices\.net" is linked/);
  });
});

describe('custom allocation', () => {
  const requests = [];
  let answer;
  const webhook = createServer(async (request, response) => {
    requests.push(await json(request));
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  let webhookUrl;
  before(async () => {
    await new Promise((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    webhookUrl = `http://127.0.0.1:${webhook.address().port}/`;
  });
  after(() => webhook.close());

  const createCustomGroup = () =>
    createGroup({
      allocationPolicy: 'custom',
      customAllocationDefinition: { webhookUrl, apiVersion: '2021-10-01' },
      initialTwin: { tags: { from: 'enrollment' } },
    });

  test('calls the webhook, and passes its payload to the client', async () => {
    const group = await createCustomGroup();
    const registrationId = newId('custom');
    answer = {
      iotHubHostName: SECOND,
      initialTwin: { tags: { from: 'webhook' } },
      payload: { greeting: 'grüezi' },
    };
    const state = await register(registrationId, group, { color: 'grün' });
    assert.equal(state.assignedHub, SECOND);
    assert.deepEqual(state.payload, { greeting: 'grüezi' });
    const { body: twin } = await askHub(second, 'GET', `/twins/${registrationId}`);
    assert.deepEqual(twin.tags, { from: 'webhook' });
    const { enrollmentGroup, ...request } = requests.at(-1);
    assert.equal(enrollmentGroup.enrollmentGroupId, group.enrollmentGroupId);
    assert.deepEqual(enrollmentGroup.attestation, { type: 'symmetricKey', symmetricKey: {} });
    assert.deepEqual(request, {
      deviceRuntimeContext: { registrationId, symmetricKey: {}, payload: { color: 'grün' } },
      linkedHubs: [FIRST, SECOND],
    });
  });

  test('a webhook that fails makes the registration fail', async () => {
    answer = { status: 500 };
    const { status, errorCode, errorMessage } = await register(
      newId('custom'),
      await createCustomGroup(),
    );
    assert.deepEqual([status, errorCode], ['failed', 400207]);
    assert.match(errorMessage, /the webhook responded with 500/);
  });
});

describe('a second registration, of a group with another hub', () => {
  /** Registers at the first hub, changes the twin there, and moves the group to the second. */
  async function move(reprovisionPolicy) {
    const enrollment = { reprovisionPolicy, initialTwin: { tags: { from: 'enrollment' } } };
    const group = await createGroup({ ...enrollment, iotHubs: [FIRST] });
    const id = newId('moving');
    await register(id, group);
    await hub.json('PATCH', `/twins/${id}`, { tags: { from: 'back end' } });
    await change(group, { ...enrollment, iotHubs: [SECOND] });
    return { id, state: await register(id, group) };
  }

  const tagsAtSecond = async (id) => (await askHub(second, 'GET', `/twins/${id}`)).body.tags;

  test('migrates the twin by default', async () => {
    const { id, state } = await move(undefined);
    assert.deepEqual([state.assignedHub, state.substatus], [SECOND, 'deviceDataMigrated']);
    assert.deepEqual(await tagsAtSecond(id), { from: 'back end' });
    assert.equal((await hub.call('GET', `/devices/${id}`)).status, 404);
  });

  test('starts again from the enrollment if data is not migrated', async () => {
    const { id, state } = await move({ updateHubAssignment: true, migrateDeviceData: false });
    assert.deepEqual([state.assignedHub, state.substatus], [SECOND, 'deviceDataReset']);
    assert.deepEqual(await tagsAtSecond(id), { from: 'enrollment' });
    assert.equal((await hub.call('GET', `/devices/${id}`)).status, 404);
  });

  test('stays at its hub if the assignment is not updated', async () => {
    const { id, state } = await move({ updateHubAssignment: false });
    assert.equal(state.assignedHub, FIRST);
    assert.equal(state.substatus, 'reprovisionedToInitialAssignment');
    assert.equal(await existsAt(second, id), false);
  });
});
