import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { deviceKey, RegistrationClient } from './support/registration.js';

const hub = new TestHub();
const symmetricKey = {
  primaryKey: Buffer.alloc(64, 1).toString('base64'),
  secondaryKey: Buffer.alloc(64, 2).toString('base64'),
};
const attestation = { type: 'symmetricKey', symmetricKey };

let last = 0;
const newId = (name = 'enrollment') => `${name}-${++last}`;

/** Registers a device of a group; returns its final state. */
async function register(
  registrationId,
  {
    attestation: {
      symmetricKey: { primaryKey },
    },
  },
) {
  const key = deviceKey(primaryKey, registrationId);
  const client = await RegistrationClient.connect(hub, { registrationId, key });
  const { body } = await client.register();
  await client.end();
  return body.registrationState;
}

for (const [path, idName] of [
  ['/enrollments', 'registrationId'],
  ['/enrollmentGroups', 'enrollmentGroupId'],
]) {
  describe(path, () => {
    test('creates, with what the service fills in', async () => {
      const id = newId();
      const created = await hub.json('PUT', `${path}/${id}`, { [idName]: id, attestation });
      const { etag, createdDateTimeUtc, lastUpdatedDateTimeUtc, ...rest } = created;
      assert.ok(etag && createdDateTimeUtc && lastUpdatedDateTimeUtc);
      assert.deepEqual(rest, {
        [idName]: id,
        attestation,
        allocationPolicy: 'hashed',
        capabilities: { iotEdge: false },
        provisioningStatus: 'enabled',
        reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
      });
      const read = await hub.json('GET', `${path}/${id.toUpperCase()}`);
      assert.deepEqual(read.attestation, { type: 'symmetricKey', symmetricKey: {} });
      assert.equal(read.etag, etag);
      const mechanism = await hub.json('POST', `${path}/${id}/attestationmechanism`);
      assert.deepEqual(mechanism, attestation);
    });

    test('refuses what is there already, and updates it with its etag', async () => {
      const id = newId();
      const { etag } = await hub.json('PUT', `${path}/${id}`, { attestation });
      const again = await hub.call('PUT', `${path}/${id}`, { attestation });
      assert.equal(again.status, 409);
      const change = { attestation: { type: 'symmetricKey' }, provisioningStatus: 'disabled' };
      const stale = await hub.call('PUT', `${path}/${id}`, change, { 'if-match': '"AAAA"' });
      assert.equal(stale.status, 412);
      const { status, body } = await hub.call('PUT', `${path}/${id}`, change, { 'if-match': etag });
      assert.equal(status, 200);
      assert.notEqual(body.etag, etag);
      assert.deepEqual(body.attestation, attestation);
    });

    test('deletes', async () => {
      const id = newId();
      await hub.json('PUT', `${path}/${id}`, { attestation });
      const stale = await hub.call('DELETE', `${path}/${id}`, undefined, { 'if-match': 'AAAA' });
      assert.equal(stale.status, 412);
      assert.equal((await hub.call('DELETE', `${path}/${id}`)).status, 204);
      const { status, body } = await hub.call('GET', `${path}/${id}`);
      assert.deepEqual([status, body.errorCode], [404, 404201]);
    });

    test('refuses another id in the body, a bad id, and no attestation that it knows', async () => {
      const wrong = [
        ['a', { [idName]: 'b', attestation }],
        ['ends.', { attestation }],
        ['tpm', { attestation: { type: 'tpm' } }],
      ];
      for (const [id, body] of wrong) {
        assert.equal((await hub.call('PUT', `${path}/${id}`, body)).status, 400, id);
      }
    });

    test('changes several in one call, each done or not', async () => {
      const collection = path.slice(1);
      const ids = [newId(), newId(), newId()];
      const items = ids.map((id) => ({ [idName]: id, attestation }));
      await hub.json('PUT', `${path}/${ids[1]}`, { attestation });
      const bulk = (mode, enrollments) =>
        hub.json('POST', path, { mode, [collection]: enrollments });
      const created = await bulk('create', items);
      assert.equal(created.isSuccessful, false);
      assert.deepEqual(
        created.errors.map(({ [idName]: id, errorCode }) => [id, errorCode]),
        [[ids[1], 409201]],
      );
      const disabled = items.map((each) => ({ ...each, provisioningStatus: 'disabled' }));
      assert.equal((await bulk('update', disabled)).isSuccessful, true);
      const conditional = [{ ...disabled[0], etag: 'AAAA' }];
      assert.equal((await bulk('updateIfMatchETag', conditional)).isSuccessful, false);
      for (const id of ids) {
        assert.equal((await hub.json('GET', `${path}/${id}`)).provisioningStatus, 'disabled');
      }
      assert.equal((await bulk('delete', items)).isSuccessful, true);
      assert.equal((await hub.call('GET', `${path}/${ids[0]}`)).status, 404);
    });

    test('answers queries page by page', async () => {
      const collection = path.slice(1);
      const prefix = newId('query');
      for (const name of ['a', 'b', 'c']) {
        await hub.json('PUT', `${path}/${prefix}${name}`, { attestation });
      }
      const query = `SELECT * FROM ${collection} WHERE STARTSWITH(${idName}, '${prefix}')`;
      const ids = [];
      let continuation = '';
      do {
        const { body, headers } = await hub.call(
          'POST',
          `${path}/query`,
          { query },
          {
            'x-ms-max-item-count': '2',
            'x-ms-continuation': continuation,
          },
        );
        ids.push(body.map((each) => each[idName]));
        continuation = headers.get('x-ms-continuation');
      } while (continuation);
      assert.deepEqual(ids, [[`${prefix}a`, `${prefix}b`], [`${prefix}c`]]);
      const other = await hub.call('POST', `${path}/query`, { query: 'SELECT * FROM devices' });
      assert.equal(other.status, 400);
    });
  });
}

describe('/registrations', () => {
  test('returns the result of a registration, lists those of a group, forgets one', async () => {
    const id = newId('group');
    const group = await hub.json('PUT', `/enrollmentGroups/${id}`, {
      attestation: { type: 'symmetricKey' },
    });
    const states = [await register(newId('one'), group), await register(newId('two'), group)];
    const [{ registrationId, etag }] = states;
    assert.deepEqual(await hub.json('GET', `/registrations/${registrationId}`), states[0]);
    assert.deepEqual(await hub.json('POST', `/registrations/${id}/query`), states);
    const stale = await hub.call('DELETE', `/registrations/${registrationId}`, undefined, {
      'if-match': 'AAAA',
    });
    assert.equal(stale.status, 412);
    const deleted = await hub.call('DELETE', `/registrations/${registrationId}`, undefined, {
      'if-match': etag,
    });
    assert.equal(deleted.status, 204);
    assert.equal((await hub.call('GET', `/registrations/${registrationId}`)).status, 404);
    assert.equal((await register(registrationId, group)).substatus, 'initialAssignment');
  });

  test('are possible in an individual enrollment, too', async () => {
    const registrationId = newId();
    await hub.json('PUT', `/enrollments/${registrationId}`, { attestation });
    const { primaryKey: key } = symmetricKey;
    const client = await RegistrationClient.connect(hub, { registrationId, key });
    const { body } = await client.register();
    await client.end();
    const { registrationState } = await hub.json('GET', `/enrollments/${registrationId}`);
    assert.deepEqual(registrationState, body.registrationState);
  });
});

test('only the owner of the hub manages enrollments', async () => {
  const { status, body } = await hub.call(
    'GET',
    '/enrollments/any',
    undefined,
    hub.authorize({ policy: 'service' }),
  );
  assert.deepEqual([status, body.errorCode], [401, 401002]);
});
