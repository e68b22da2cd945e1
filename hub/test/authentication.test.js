import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { credentials, resourceOf as resourceAt, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';

const hub = new TestHub();

async function assertAccepted(device, options) {
  const client = await MqttClient.connect(hub, device, options);
  assert.equal(client.connack.returnCode, 0);
  await client.end();
}

const escape = (text) => text.replace(/\W/g, '\\$&');

/** Refused with CONNACK 5 and a close, for the reason in the hub's log. */
async function assertRefused(device, options, reason) {
  const client = await RawClient.connect(hub, device, options);
  assert.equal(client.connack.cmd, 'connack');
  assert.equal(client.connack.returnCode, 5);
  assert.equal(client.connack.sessionPresent, false);
  await client.closed;
  const start = `^(${escape(device.deviceId)}|a connection): closed, refused with CONNACK 5, `;
  await hub.logged(new RegExp(`${start}.*${reason.source}`));
  const state = await hub.call('GET', `/local/devices/${encodeURIComponent(device.deviceId)}`);
  if (state.status === 200) assert.equal(state.body.connections, 0);
}

const resourceOf = (device) => resourceAt(hub, device);

describe('a SAS token opens the device', () => {
  test('when signed with the primary key', async () => {
    await assertAccepted(await hub.createDevice());
  });

  test('when signed with the secondary key', async () => {
    const device = await hub.createDevice();
    const { authentication } = await hub.json('GET', `/devices/${device.deviceId}`);
    const key = authentication.symmetricKey.secondaryKey;
    assert.notEqual(key, device.primaryKey);
    await assertAccepted(device, { password: sasToken({ resource: resourceOf(device), key }) });
  });

  test('when its resource is encoded in lower case, or not at all', async () => {
    const device = await hub.createDevice();
    const resource = resourceOf(device);
    for (const sr of [encodeURIComponent(resource).replaceAll('%2F', '%2f'), resource]) {
      await assertAccepted(device, { password: sasToken({ sr, key: device.primaryKey }) });
    }
  });

  test('when it names the host in other letters, user name alike', async () => {
    const device = await hub.createDevice();
    const resource = `${hub.hostname.toUpperCase()}/devices/${device.deviceId}`;
    await assertAccepted(device, {
      username: `${hub.hostname.toUpperCase()}/${device.deviceId}/?api-version=2021-04-12`,
      password: sasToken({ resource, key: device.primaryKey }),
    });
  });

  test('when its fields are in another order', async () => {
    const device = await hub.createDevice();
    const { password } = credentials(hub, device);
    const [scheme, fields] = password.split(' ');
    const reversed = `${scheme} ${fields.split('&').reverse().join('&')}`;
    assert.notEqual(reversed, password);
    await assertAccepted(device, { password: reversed });
  });

  test('of a name with every character that a device id and a topic may have', async () => {
    const name = encodeURIComponent("odd.%_*?!(),:=@$'%41-");
    const device = await hub.json('PUT', `/local/devices/${name}`);
    const client = await MqttClient.connect(hub, device);
    await client.publish(`devices/${device.deviceId}/messages/events/`, 'x');
    const { messages } = await hub.json('GET', `/local/devices/${name}/telemetry`);
    assert.equal(messages[0].text, 'x');
    await client.end();
  });
});

describe('a SAS token of a shared access policy opens the device', () => {
  for (const policy of ['iothubowner', 'device']) {
    for (const name of ['primaryKey', 'secondaryKey']) {
      test(`when signed with the ${name} of ${policy}, for any resource above it`, async () => {
        const device = await hub.createDevice();
        const key = hub.started.policies[policy][name];
        for (const resource of [hub.hostname, `${hub.hostname}/devices`, resourceOf(device)]) {
          await assertAccepted(device, { password: sasToken({ resource, key, policy }) });
        }
      });
    }
  }
});

describe('a SAS token is refused', () => {
  const cases = {
    'with a wrong key': [
      (device) => ({ resource: resourceOf(device), key: Buffer.alloc(32).toString('base64') }),
      /signature of the SAS token is wrong/,
    ],
    'when it has expired': [
      (device) => ({
        resource: resourceOf(device),
        key: device.primaryKey,
        expiry: Math.floor(Date.now() / 1000) - 301,
      }),
      /expired/,
    ],
    'when it is for a device whose name only begins alike': [
      (device) => ({ resource: resourceOf(device).slice(0, -1), key: device.primaryKey }),
      /a resource other than/,
    ],
    'when it is for a device of another case': [
      (device) => ({
        resource: `${hub.hostname}/devices/${device.deviceId.toUpperCase()}`,
        key: device.primaryKey,
      }),
      /a resource other than/,
    ],
    'when it is for a module of the device': [
      (device) => ({ resource: `${resourceOf(device)}/modules/m`, key: device.primaryKey }),
      /a resource other than/,
    ],
    'when it is for all devices': [
      (device) => ({ resource: `${hub.hostname}/devices`, key: device.primaryKey }),
      /a resource other than/,
    ],
    'when it is for another hub': [
      (device) => ({
        resource: `other.azure-devices.net/devices/${device.deviceId}`,
        key: device.primaryKey,
      }),
      /a resource other than/,
    ],
  };
  for (const [name, [token, reason]] of Object.entries(cases)) {
    test(name, async () => {
      const device = await hub.createDevice();
      await assertRefused(device, { password: sasToken(token(device)) }, reason);
    });
  }

  test('when the signed text differs from the sent one', async () => {
    const device = await hub.createDevice();
    const { password } = credentials(hub, device);
    const later = password.replace(/se=(\d+)/, (all, se) => `se=${Number(se) + 1}`);
    await assertRefused(device, { password: later }, /signature of the SAS token is wrong/);
  });

  test('when it names a policy and is signed with the key of the device', async () => {
    const device = await hub.createDevice();
    const password = `${credentials(hub, device).password}&skn=iothubowner`;
    await assertRefused(device, { password }, /signature of the SAS token is wrong/);
  });

  test('when it names a policy that does not exist', async () => {
    const device = await hub.createDevice();
    for (const policy of ['nobody', 'toString']) {
      const password = `${credentials(hub, device).password}&skn=${policy}`;
      await assertRefused(device, { password }, new RegExp(`no shared access policy "${policy}"`));
    }
  });

  test('when it is of a policy that lacks the right DeviceConnect', async () => {
    const device = await hub.createDevice();
    for (const policy of ['service', 'registryRead', 'registryReadWrite']) {
      const { authorization: password } = hub.authorize({ policy });
      await assertRefused(device, { password }, /lacks the right DeviceConnect/);
    }
  });

  test('when it is signed by a policy for something other than the device', async () => {
    const device = await hub.createDevice();
    const { primaryKey: key } = hub.started.policies.device;
    for (const resource of [
      resourceOf(device).slice(0, -1),
      `${resourceOf(device)}/modules/m1`,
      `${hub.hostname}/messages`,
      'other.azure-devices.net',
    ]) {
      const password = sasToken({ resource, key, policy: 'device' });
      await assertRefused(device, { password }, /a resource other than/);
    }
  });

  test('when it is malformed or missing', async () => {
    const device = await hub.createDevice();
    for (const password of ['', 'secret', 'SharedAccessSignature sr=a&sig=b']) {
      await assertRefused(device, { password }, /not a SAS token/);
    }
  });
});

describe('CONNECT is refused', () => {
  test('for an unknown device', async () => {
    const device = { deviceId: 'nobody', primaryKey: 'AAAA' };
    await assertRefused(device, {}, /there is no device "nobody"/);
  });

  test('for a disabled device, and not when it is enabled again', async () => {
    const device = await hub.createDevice();
    const update = (status) =>
      hub.call('PUT', `/devices/${device.deviceId}`, { status }, { 'if-match': '*' });
    await update('disabled');
    await assertRefused(device, {}, /is disabled/);
    await update('enabled');
    await assertAccepted(device);
  });

  test('when the client id is not the device', async () => {
    await assertRefused(await hub.createDevice(), { clientId: 'other' }, /client id "other"/);
  });

  test('when the user name is for another hub', async () => {
    const device = await hub.createDevice();
    const username = `other.azure-devices.net/${device.deviceId}/?api-version=2021-04-12`;
    await assertRefused(device, { username }, /is for "other\.azure-devices\.net"/);
  });

  test('when the user name is malformed', async () => {
    const device = await hub.createDevice();
    for (const rest of ['', '//', `/${device.deviceId}/?api-version=latest`]) {
      await assertRefused(device, { username: hub.hostname + rest }, /malformed/);
    }
  });

  test('for an unknown module', async () => {
    const device = await hub.createDevice();
    const username = `${hub.hostname}/${device.deviceId}/m1/?api-version=2021-04-12`;
    const clientId = `${device.deviceId}/m1`;
    await assertRefused(device, { username, clientId }, /has no module "m1"/);
  });

  test('with code 1 when it is not MQTT 3.1.1', async () => {
    const device = await hub.createDevice();
    const client = await RawClient.open(hub);
    client.send(connectPacket(hub, device, { protocolId: 'MQIsdp', protocolVersion: 3 }));
    assert.equal((await client.next()).returnCode, 1);
    await client.closed;
  });
});

describe('a user name', () => {
  test('may have parameters in any order and none of them known', async () => {
    const device = await hub.createDevice();
    const start = `${hub.hostname}/${device.deviceId}/`;
    for (const query of [
      '?DeviceClientType=py%2F1%2E0&api-version=2019-10-01',
      '?api-version=2020-10-01-preview&unknown=1',
      'api-version=2016-11-14',
      '',
    ]) {
      await assertAccepted(device, { username: start + query });
    }
    await assertAccepted(device, { username: start.slice(0, -1) });
  });

  test('sends the model id, which the twin shows', async () => {
    const device = await hub.createDevice();
    const query = '?api-version=2021-04-12&model-id=dtmi%3Acom%3Aexample%3BThing';
    const client = await MqttClient.connect(hub, device, {
      username: `${hub.hostname}/${device.deviceId}/${query}`,
    });
    const twin = await hub.json('GET', `/twins/${device.deviceId}`);
    assert.equal(twin.modelId, 'dtmi:com:example;Thing');
    await client.end();
  });

  test('without api-version leaves twins and methods out of reach', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device, {
      username: `${hub.hostname}/${device.deviceId}`,
    });
    await client.subscribe('$iothub/twin/res/#');
    await client.subscribe('$iothub/methods/POST/#');
    await client.publish('$iothub/twin/GET/?$rid=1');
    assert.equal((await client.next()).topic, '$iothub/twin/res/400/?$rid=1');
    const method = { methodName: 'm' };
    const answer = await hub.call('POST', `/twins/${device.deviceId}/methods`, method);
    assert.equal(answer.status, 404);
    await client.end();
  });
});

test('a connection ends when its token expires', async () => {
  const device = await hub.createDevice();
  const expiry = Math.floor(Date.now() / 1000) + 2;
  const client = await MqttClient.connect(hub, device, {
    password: sasToken({ resource: resourceOf(device), key: device.primaryKey, expiry }),
  });
  await client.closed;
  await hub.logged(new RegExp(`^${device.deviceId}: closed, the SAS token expired`));
});
