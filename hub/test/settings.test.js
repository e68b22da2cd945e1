import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startHub } from '../src/index.js';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();
const PATH = '/local/hub/settings';

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

const tokenFor = (device, expiry) =>
  sasToken({ resource: resourceOf(hub, device), key: device.primaryKey, expiry });

async function assertAccepted(device, options) {
  const client = await MqttClient.connect(hub, device, options);
  await client.end();
}

async function assertRefused(device, options, code, reason) {
  const client = await RawClient.connect(hub, device, options);
  assert.equal(client.connack.returnCode, code);
  await hub.logged(new RegExp(`^${device.deviceId}.* CONNACK ${code}, .*${reason.source}`));
}

describe('the settings', () => {
  test('are changed by PATCH, and others stay', async (t) => {
    const before = await hub.json('GET', PATH);
    const after = await hub.set(t, { disabledConnack: 3, messageTtl: 60 });
    assert.deepEqual(after, { ...before, disabledConnack: 3, messageTtl: 60 });
    assert.deepEqual(await hub.json('GET', PATH), after);
  });

  test('that are invalid are refused, and none is changed', async () => {
    const before = await hub.json('GET', PATH);
    for (const [changes, reason] of [
      [{ noSuch: 1 }, /no setting "noSuch"\. The settings are disableDeviceSAS, /],
      [{ disabledConnack: 4 }, /disabledConnack must be 5 or 3/],
      [{ messageTtl: 59 }, /messageTtl must be an integer from 60 to 172800/],
      [{ messageTtl: 172_801 }, /messageTtl/],
      [{ maxDeliveryCount: 1.5 }, /maxDeliveryCount/],
      [{ disableLocalAuth: 'true' }, /disableLocalAuth must be false or true/],
      [{ tokenGrace: 600, clockSkew: -1 }, /clockSkew/],
    ]) {
      const { status, body } = await hub.call('PATCH', PATH, changes);
      assert.equal(status, 400);
      assert.match(JSON.parse(body.Message).message, reason);
    }
    assert.equal((await hub.call('PATCH', PATH, [])).status, 400);
    assert.deepEqual(await hub.json('GET', PATH), before);
  });

  test('are passed to startHub, which refuses invalid ones', async () => {
    const other = await startHub({ settings: { tokenGrace: 600 } });
    const headers = { authorization: other.authorization() };
    const settings = await (await fetch(other.url + PATH, { headers })).json();
    assert.equal(settings.tokenGrace, 600);
    assert.equal(settings.clockSkew, 300);
    await other.close();
    await assert.rejects(startHub({ settings: { tokenGrace: -1 } }), /The setting tokenGrace/);
  });
});

describe('SAS tokens', () => {
  const policyToken = () => {
    const { primaryKey } = hub.started.policies.device;
    return sasToken({ resource: hub.hostname, key: primaryKey, policy: 'device' });
  };

  test('of devices, modules or policies may be refused', async (t) => {
    const module = await hub.createModule();
    const device = await hub.json('PUT', `/local/devices/${module.deviceId}`);
    const kinds = {
      disableDeviceSAS: [device, {}],
      disableModuleSAS: [module, {}],
      disableLocalAuth: [device, { password: policyToken() }],
    };
    for (const setting of Object.keys(kinds)) {
      await hub.set(t, { [setting]: true });
      for (const [other, [identity, options]] of Object.entries(kinds)) {
        if (other === setting) {
          await assertRefused(identity, options, 5, new RegExp(setting));
        } else {
          await assertAccepted(identity, options);
        }
      }
      await hub.set(t, { [setting]: false });
    }
  });

  test('are accepted for five minutes after their expiry, because clocks differ', async (t) => {
    const device = await hub.createDevice();
    await assertAccepted(device, { password: tokenFor(device, inSeconds(-290)) });
    await assertRefused(device, { password: tokenFor(device, inSeconds(-301)) }, 5, /expired/);
    await hub.set(t, { clockSkew: 0 });
    await assertRefused(device, { password: tokenFor(device, inSeconds(-1)) }, 5, /expired/);
  });

  test('accepted late are valid for the rest of the five minutes', async () => {
    const device = await hub.createDevice();
    const password = tokenFor(device, inSeconds(-200));
    const client = await MqttClient.connect(hub, device, { password });
    await hub.fault(device, { clock: 50 });
    assert.equal((await hub.local(device, 'GET', '')).connected, true);
    await hub.fault(device, { clock: 101 });
    await client.closed;
  });

  test('end their connection when they expire, or tokenGrace later', async (t) => {
    for (const tokenGrace of [0, 600]) {
      await hub.set(t, { tokenGrace });
      const device = await hub.createDevice();
      const client = await MqttClient.connect(hub, device);
      await hub.fault(device, { clock: 3500 + tokenGrace });
      assert.equal((await hub.local(device, 'GET', '')).connected, true);
      await hub.fault(device, { clock: 3601 + tokenGrace });
      await client.closed;
      await hub.logged(new RegExp(`^${device.deviceId}: closed, the SAS token expired`));
    }
  });
});

test('a disabled device gets CONNACK 5, or 3', async (t) => {
  const device = await hub.createDevice();
  const headers = { 'if-match': '*' };
  const path = `/devices/${device.deviceId}`;
  const { body } = await hub.call('GET', path);
  await hub.call('PUT', path, { ...body, status: 'disabled' }, headers);
  await assertRefused(device, {}, 5, /is disabled/);
  await hub.set(t, { disabledConnack: 3 });
  await assertRefused(device, {}, 3, /is disabled/);
});

test('browsers, which send Origin, may be refused', async (t) => {
  const origin = 'https://example.com';
  const client = await RawClient.open(hub, { origin });
  await client.close();
  await hub.set(t, { acceptBrowsers: false });
  await assert.rejects(RawClient.open(hub, { origin }), /403/);
  const other = await RawClient.open(hub);
  await other.close();
});

test('a direct method to a device that is not connected has the code of deviceNotOnlineCode', async (t) => {
  const device = await hub.createDevice();
  for (const deviceNotOnlineCode of [404103, 404102]) {
    await hub.set(t, { deviceNotOnlineCode });
    const path = `/twins/${device.deviceId}/methods`;
    const { status, body } = await hub.call('POST', path, { methodName: 'm' });
    assert.equal(status, 404);
    assert.equal(JSON.parse(body.Message).errorCode, deviceNotOnlineCode);
  }
});
