/** Microsoft's provisioning clients against the local hub's provisioning service. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { MqttClient } from '../../hub/test/support/mqtt-client.js';
import { officialPython } from '../../scripts/lib/official-python.mjs';
import { Driver } from './driver.mjs';
import { describeWithHub, missingPython } from './support.mjs';

const programAt = (path) => fileURLToPath(new URL(path, import.meta.url));
const nodejs = [process.execPath, programAt('nodejs/provisioning.mjs')];
const python = [officialPython(), programAt('python/provisioning.py')];

let last = 0;
const newId = (name) => `${name}-${++last}`;

const deviceKey = (groupKey, registrationId) =>
  createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');

/** Registrations by one of the device clients; `stateOf` finds the state in its result. */
function testDeviceClient({ hub, environment, test }, command, { stateOf, errors }) {
  const driver = new Driver(command, environment);
  after(() => driver.end());
  const call = (values) => driver.call({ client: 'own', call: 'register', arguments: [values] });
  const register = async (values) =>
    stateOf(await call({ idScope: hub.started.idScope, ...values }));

  const createGroup = (enrollment) =>
    hub.json('PUT', `/enrollmentGroups/${newId('group')}`, {
      attestation: { type: 'symmetricKey' },
      ...enrollment,
    });

  const memberOf = ({ attestation }, registrationId = newId('device')) => ({
    registrationId,
    key: deviceKey(attestation.symmetricKey.primaryKey, registrationId),
  });

  const fault = (registrationId, faults) =>
    hub.json('POST', `/local/registrations/${registrationId}/faults`, faults);

  test('registers with a key derived from that of a group, twice', async (t) => {
    const member = memberOf(await createGroup());
    const first = await register(member);
    assert.deepEqual(
      [first.assignedHub, first.deviceId, first.substatus],
      ['localhost', member.registrationId, 'initialAssignment'],
    );
    assert.equal((await register(member)).substatus, 'reprovisionedToInitialAssignment');
    const device = { deviceId: member.registrationId, primaryKey: member.key };
    const mqtt = await MqttClient.connect(hub, device);
    t.after(() => mqtt.end());
  });

  test('registers with a certificate', async () => {
    const registrationId = newId('certified');
    const certificate = await hub.started.issueSelfSignedCertificate(registrationId);
    const clientCertificates = { primary: { certificate: certificate.cert } };
    const attestation = { type: 'x509', x509: { clientCertificates } };
    await hub.json('PUT', `/enrollments/${registrationId}`, { attestation });
    const { deviceId } = await register({ registrationId, certificate });
    assert.equal(deviceId, registrationId);
  });

  test('sends its payload along', async () => {
    const member = memberOf(await createGroup());
    await register({ ...member, payload: { modelId: 'dtmi:example:sensor;1' } });
    const { packets } = await hub.json(
      'GET',
      `/local/registrations/${member.registrationId}/packets?type=publish&direction=in`,
    );
    const body = JSON.parse(Buffer.from(packets[0].payload, 'base64').toString());
    assert.deepEqual(body.payload, { modelId: 'dtmi:example:sensor;1' });
  });

  test('polls on after 429, as retry-after says', async () => {
    const member = memberOf(await createGroup());
    await fault(member.registrationId, {
      registerAnswer: { status: 429, retryAfter: 1 },
      forSeconds: 1,
    });
    assert.equal((await register(member)).deviceId, member.registrationId);
  });

  test('gets an error for a wrong key in a response, and by CONNACK', async (t) => {
    const member = { ...memberOf(await createGroup()), key: Buffer.alloc(32).toString('base64') };
    await assert.rejects(register(member), errors.wrongKey);
    await hub.set(t, { wrongKeyAtProvisioning: 'connack' });
    await assert.rejects(register(member), errors.refused);
  });

  test('gets an error for a registration that failed', async () => {
    const member = memberOf(await createGroup());
    await fault(member.registrationId, { outcome: 'failed' });
    await assert.rejects(register(member), errors.failed);
  });
}

await describeWithHub("Microsoft's provisioning client for Node.js", undefined, (given) =>
  testDeviceClient(given, nodejs, {
    stateOf: (result) => result,
    errors: {
      wrongKey: { name: 'UnauthorizedError' },
      refused: { message: 'Connection refused: Not authorized' },
      failed: { name: 'ProvisioningRegistrationFailedError' },
    },
  }),
);

await describeWithHub("Microsoft's provisioning client for Python", missingPython, (given) =>
  testDeviceClient(given, python, {
    stateOf: (result) => result,
    errors: {
      wrongKey: { name: 'ClientError', message: /401/ },
      refused: { name: 'CredentialError' },
      failed: { name: 'ClientError', message: /failed/ },
    },
  }),
);

const title = "Microsoft's provisioning client for back ends";

await describeWithHub(title, undefined, ({ hub, environment, test }) => {
  const driver = new Driver(nodejs, environment);
  after(() => driver.end());
  const callOn =
    (client) =>
    (call, ...values) =>
      driver.call({ client, call, arguments: values });
  const own = callOn('own');
  const service = callOn('service');
  if (hub) before(() => own('connect', hub.started.serviceConnectionString));

  const attestation = { type: 'symmetricKey' };

  test('creates, reads, updates and deletes an enrollment', async () => {
    const registrationId = newId('single');
    const wanted = { registrationId, attestation, deviceId: 'named' };
    const created = await service('createOrUpdateIndividualEnrollment', wanted);
    assert.equal(created.provisioningStatus, 'enabled');
    const { symmetricKey } = await service(
      'getIndividualEnrollmentAttestationMechanism',
      registrationId,
    );
    assert.deepEqual(symmetricKey, created.attestation.symmetricKey);
    const read = await service('getIndividualEnrollment', registrationId);
    const updated = await service('createOrUpdateIndividualEnrollment', {
      ...read,
      provisioningStatus: 'disabled',
    });
    assert.equal(updated.provisioningStatus, 'disabled');
    assert.notEqual(updated.etag, read.etag);
    await assert.rejects(service('createOrUpdateIndividualEnrollment', read), { status: 412 });
    await service('deleteIndividualEnrollment', registrationId);
    await assert.rejects(service('getIndividualEnrollment', registrationId), { status: 404 });
  });

  test('creates, reads and deletes a group, with its keys', async () => {
    const enrollmentGroupId = newId('group');
    const created = await service('createOrUpdateEnrollmentGroup', {
      enrollmentGroupId,
      attestation,
    });
    const mechanism = await service('getEnrollmentGroupAttestationMechanism', enrollmentGroupId);
    assert.deepEqual(mechanism.symmetricKey, created.attestation.symmetricKey);
    const { etag } = await service('getEnrollmentGroup', enrollmentGroupId);
    assert.equal(etag, created.etag);
    await service('deleteEnrollmentGroup', enrollmentGroupId, etag);
    await assert.rejects(service('getEnrollmentGroup', enrollmentGroupId), { status: 404 });
  });

  test('creates and deletes in bulk, and reads by queries of several pages', async () => {
    const enrollments = Array.from({ length: 3 }, () => ({
      registrationId: newId('bulk'),
      attestation,
    }));
    const create = { mode: 'create', enrollments };
    assert.equal((await own('runBulk', create)).isSuccessful, true);
    const query = "SELECT * FROM enrollments WHERE STARTSWITH(registrationId, 'bulk')";
    const pages = await own('query', 'createIndividualEnrollmentQuery', { query }, 2);
    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 1],
    );
    assert.deepEqual(
      pages.flat().map(({ registrationId }) => registrationId),
      enrollments.map(({ registrationId }) => registrationId),
    );
    const remove = { mode: 'delete', enrollments };
    assert.equal((await own('runBulk', remove)).isSuccessful, true);
  });

  test('reads and deletes the result of a registration', async () => {
    const enrollmentGroupId = newId('group');
    const group = await service('createOrUpdateEnrollmentGroup', {
      enrollmentGroupId,
      attestation,
    });
    const registrationId = newId('device');
    const key = deviceKey(group.attestation.symmetricKey.primaryKey, registrationId);
    await own('register', { idScope: hub.started.idScope, registrationId, key });
    const state = await service('getDeviceRegistrationState', registrationId);
    assert.deepEqual([state.status, state.assignedHub], ['assigned', 'localhost']);
    const call = 'createEnrollmentGroupDeviceRegistrationStateQuery';
    const specification = { query: '*' };
    const pages = await own('query', call, specification, enrollmentGroupId);
    assert.deepEqual(pages, [[state]]);
    await service('deleteDeviceRegistrationState', state);
    await assert.rejects(service('getDeviceRegistrationState', registrationId), { status: 404 });
  });
});
