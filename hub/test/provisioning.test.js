import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { deviceKey, RegistrationClient } from './support/registration.js';

const GROUP_KEY = Buffer.alloc(64, 1).toString('base64');
const OTHER_KEY = Buffer.alloc(64, 2).toString('base64');

const hub = new TestHub({
  enrollmentGroups: [
    {
      enrollmentGroupId: 'group1',
      attestation: {
        type: 'symmetricKey',
        symmetricKey: { primaryKey: GROUP_KEY, secondaryKey: OTHER_KEY },
      },
    },
  ],
});

let last = 0;

/** A registration id that no other test has, with its key in the group. */
function newRegistrant() {
  const registrationId = `sensor-${++last}`;
  return { registrationId, key: deviceKey(GROUP_KEY, registrationId) };
}

/** The responses of the private endpoints of a registration id. */
const local = ({ registrationId }, method, path, body) =>
  hub.json(method, `/local/registrations/${registrationId}${path}`, body);

describe('registration with a symmetric key', () => {
  test('leads to a device that connects with the derived key', async () => {
    const registrant = newRegistrant();
    const client = await RegistrationClient.connect(hub, registrant);
    const first = await client.request();
    assert.equal(first.status, 202);
    assert.equal(first.retryAfter, 1);
    assert.equal(first.body.status, 'assigning');
    let answer = await client.poll(first.body.operationId);
    while (answer.status === 202) answer = await client.poll(first.body.operationId);
    assert.equal(answer.status, 200);
    assert.equal(answer.retryAfter, undefined);
    const { operationId, status, registrationState } = answer.body;
    assert.equal(operationId, first.body.operationId);
    assert.equal(status, 'assigned');
    const { createdDateTimeUtc, lastUpdatedDateTimeUtc, etag, ...state } = registrationState;
    assert.match(createdDateTimeUtc, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    assert.equal(lastUpdatedDateTimeUtc, createdDateTimeUtc);
    assert.notEqual(etag, undefined);
    const { registrationId, key } = registrant;
    assert.deepEqual(state, {
      symmetricKey: { enrollmentGroupId: 'group1' },
      registrationId,
      assignedHub: hub.hostname,
      deviceId: registrationId,
      status: 'assigned',
      substatus: 'initialAssignment',
    });
    await client.end();
    const device = await MqttClient.connect(hub, { deviceId: registrationId, primaryKey: key });
    await device.end();
  });

  test('acknowledges a request before it answers', async () => {
    const registrant = newRegistrant();
    const client = await RegistrationClient.connect(hub, registrant);
    await client.request();
    const { packets } = await local(registrant, 'GET', '/packets?direction=out&count=4&timeout=30');
    assert.deepEqual(
      packets.map(({ cmd }) => cmd),
      ['connack', 'suback', 'puback', 'publish'],
    );
    await client.end();
  });

  test('works without skn, with the secondary key, and with an empty body', async () => {
    const { registrationId } = newRegistrant();
    const key = deviceKey(OTHER_KEY, registrationId);
    const client = await RegistrationClient.connect(hub, { registrationId, key, skn: '' });
    assert.equal((await client.register('')).body.status, 'assigned');
    await client.end();
  });

  test('works at the path / too, where no device connects', async () => {
    const { url } = hub;
    const root = {
      ...hub,
      hostname: hub.hostname,
      endpoint: url.replace('http', 'ws'),
      started: hub.started,
    };
    const client = await RegistrationClient.connect(root, newRegistrant());
    assert.equal((await client.register()).body.status, 'assigned');
    await client.end();
    const device = await hub.createDevice();
    await assert.rejects(MqttClient.connect(root, device), /Not authorized/);
    await hub.logged(/devices connect at \/\$iothub\/websocket/);
  });

  test('a wrong key is answered with 401', async () => {
    const registrant = { ...newRegistrant(), key: OTHER_KEY };
    const client = await RegistrationClient.connect(hub, registrant);
    const { status, body } = await client.request();
    assert.equal(status, 401);
    assert.equal(body.errorCode, 401000);
    assert.match(body.message, /signature of the SAS token is wrong/);
    assert.deepEqual(Object.keys(body).sort(), [
      ...['errorCode', 'message', 'timestampUtc', 'trackingId'],
    ]);
    await client.end();
  });

  test('a wrong key is refused with CONNACK 5 if that is set', async (t) => {
    await hub.set(t, { wrongKeyAtProvisioning: 'connack' });
    const wrong = { ...newRegistrant(), key: OTHER_KEY };
    await assert.rejects(RegistrationClient.connect(hub, wrong), { code: 5 });
    const client = await RegistrationClient.connect(hub, newRegistrant());
    await client.end();
  });

  test('another id scope is refused', async () => {
    const registrant = { ...newRegistrant(), idScope: '0ne12345678' };
    await assert.rejects(RegistrationClient.connect(hub, registrant), { code: 5 });
    await hub.logged(/the id scope is 0neLOCALHUB, not "0ne12345678"/);
  });

  test('a second registration leads to the same device, with a substatus that says so', async () => {
    const client = await RegistrationClient.connect(hub, newRegistrant());
    const first = await client.register();
    const second = await client.register();
    assert.equal(second.body.registrationState.substatus, 'reprovisionedToInitialAssignment');
    assert.equal(second.body.registrationState.deviceId, first.body.registrationState.deviceId);
    await client.end();
  });
});

describe('an individual enrollment', () => {
  test('created by the service API sets its own device id, keys and initial twin', async () => {
    const { registrationId } = newRegistrant();
    const { attestation, ...enrollment } = await hub.json('PUT', `/enrollments/${registrationId}`, {
      deviceId: 'my-device',
      attestation: { type: 'symmetricKey' },
      initialTwin: { tags: { site: 'north' }, properties: { desired: { interval: 5 } } },
    });
    assert.equal(enrollment.provisioningStatus, 'enabled');
    const { primaryKey: key } = attestation.symmetricKey;
    const client = await RegistrationClient.connect(hub, { registrationId, key });
    const { body } = await client.register();
    assert.equal(body.registrationState.deviceId, 'my-device', JSON.stringify(body));
    await client.end();
    const twin = await hub.json('GET', '/twins/my-device');
    assert.deepEqual(twin.tags, { site: 'north' });
    assert.equal(twin.properties.desired.interval, 5);
    const device = await hub.json('GET', '/devices/my-device');
    assert.equal(device.authentication.symmetricKey.primaryKey, key);
  });

  test('that is disabled ends with that status', async () => {
    const { registrationId } = newRegistrant();
    const { attestation } = await hub.json('PUT', `/enrollments/${registrationId}`, {
      attestation: { type: 'symmetricKey' },
      provisioningStatus: 'disabled',
    });
    const { primaryKey: key } = attestation.symmetricKey;
    const client = await RegistrationClient.connect(hub, { registrationId, key });
    const { status, body } = await client.register();
    assert.equal(status, 200);
    assert.equal(body.status, 'disabled');
    await client.end();
  });
});

describe('faults of a registration id', () => {
  test('an answer with any status, and retry-after', async () => {
    const registrant = newRegistrant();
    const client = await RegistrationClient.connect(hub, registrant);
    await local(registrant, 'POST', '/faults', { registerAnswer: { status: 429, retryAfter: 7 } });
    const { status, retryAfter, body } = await client.request();
    assert.deepEqual([status, retryAfter, body.errorCode], [429, 7, 429001]);
    await local(registrant, 'POST', '/faults', { clear: true, pollAnswer: { status: 500 } });
    const { body: begun } = await client.request();
    assert.equal((await client.poll(begun.operationId)).status, 500);
    await client.end();
  });

  for (const outcome of ['failed', 'disabled', 'unassigned']) {
    test(`the outcome ${outcome}`, async () => {
      const registrant = newRegistrant();
      const client = await RegistrationClient.connect(hub, registrant);
      await local(registrant, 'POST', '/faults', { outcome });
      const { status, body } = await client.register();
      assert.deepEqual([status, body.status], [200, outcome]);
      assert.equal(body.registrationState.status, outcome);
      await client.end();
    });
  }

  test('the outcome assigning, which never ends', async () => {
    const registrant = newRegistrant();
    const client = await RegistrationClient.connect(hub, registrant);
    await local(registrant, 'POST', '/faults', { outcome: 'assigning' });
    const { body } = await client.request();
    for (let poll = 0; poll < 5; poll++) {
      const answer = await client.poll(body.operationId);
      assert.equal(answer.status, 202);
      assert.equal(answer.body.registrationState.status, 'assigning');
    }
    await client.end();
  });

  test('a connection dropped instead of a response', async () => {
    const registrant = newRegistrant();
    const client = await RegistrationClient.connect(hub, registrant);
    await local(registrant, 'POST', '/faults', { dropAt: 'register' });
    client.request().catch(() => {});
    await client.closed;
  });
});
